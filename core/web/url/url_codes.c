/* The character table of url_codes.h: one bit for each set that a printable
 * ASCII character is in. */
#include "core/web/url/url_codes.h"

/* Short names, so that the table fits one character a line. */
enum {
    FR = ISERE_URL_FRAGMENT,
    QU = ISERE_URL_QUERY,
    SQ = ISERE_URL_SPECIAL_QUERY,
    PA = ISERE_URL_PATH,
    UI = ISERE_URL_USERINFO,
    FO = ISERE_URL_FORM_SAFE,
    FH = ISERE_URL_FORBIDDEN_HOST,
    FD = ISERE_URL_FORBIDDEN_DOMAIN,
};

/* By character, so that the table can be checked against the standard. */
#define AT(c) [(c)-0x20]

/* Letters and digits are only in FO: no URL encodes them, and no host forbids
 * them. */
#define AT4(c) AT(c) = FO, AT((c) + 1) = FO, AT((c) + 2) = FO, AT((c) + 3) = FO
#define AT8(c) AT4(c), AT4((c) + 4)
#define ALPHABET(a)                                                            \
    AT8(a), AT8((a) + 8), AT8((a) + 16), AT((a) + 24) = FO, AT((a) + 25) = FO

const uint8_t isere__url_sets[96] = {
    ALPHABET('A'),
    ALPHABET('a'),
    AT8('0'),
    AT('8') = FO,
    AT('9') = FO,
    AT('*') = FO,
    AT('-') = FO,
    AT('.') = FO,
    AT('_') = FO,
    AT(' ') = FR | QU | SQ | PA | UI | FH | FD,
    AT('"') = FR | QU | SQ | PA | UI,
    AT('#') = QU | SQ | PA | UI | FH | FD,
    AT('%') = FD,
    AT('\'') = SQ,
    AT('/') = UI | FH | FD,
    AT(':') = UI | FH | FD,
    AT(';') = UI,
    AT('<') = FR | QU | SQ | PA | UI | FH | FD,
    AT('=') = UI,
    AT('>') = FR | QU | SQ | PA | UI | FH | FD,
    AT('?') = PA | UI | FH | FD,
    AT('@') = UI | FH | FD,
    AT('[') = UI | FH | FD,
    AT('\\') = UI | FH | FD,
    AT(']') = UI | FH | FD,
    AT('^') = PA | UI | FH | FD,
    AT('`') = FR | PA | UI,
    AT('{') = PA | UI,
    AT('|') = UI | FH | FD,
    AT('}') = PA | UI,
};
