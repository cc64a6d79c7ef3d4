/* Formats one log line as `isere serve` does. All texts are the server's:
 * nothing in them reaches the terminal unescaped. */
#include "apps/isere/client/log_line.h"

/* In capitals, padded to five columns. */
static void put_level(isere_out_t *out, isere_slice_t level)
{
    char text[6] = "     ";
    for (size_t i = 0; i < level.len && i < sizeof(text) - 1; i++) {
        char c = level.ptr[i];
        /* A level is a word in lower case; anything else is not shown as it
         * is. */
        bool is_small = c >= 'a' && c <= 'z';
        text[i] = is_small ? (char)(c - 'a' + 'A') : '?';
    }
    isere_out_text(out, text);
}

void isere_log_line_put(isere_out_t *out, const isere_log_line_t *line)
{
    isere_out_escaped(out, line->time);
    isere_out_text(out, " ");
    put_level(out, line->level);
    if (line->function.len > 0) {
        isere_out_text(out, " ");
        isere_out_escaped(out, line->function);
    }
    if (line->request_id.len > 0) {
        isere_out_text(out, " [");
        isere_out_escaped(out, line->request_id);
        isere_out_text(out, "]");
    }
    isere_out_text(out, " ");
    isere_out_escaped(out, line->message);
    isere_out_text(out, "\n");
}
