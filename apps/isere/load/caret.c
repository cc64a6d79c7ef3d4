/* Prints a line of source with a caret below the column of a message. Columns
 * count characters, as the engine does; long lines are cut around the place. */
#include "apps/isere/load/caret.h"
#include "core/util/utf8.h"

/* Characters shown before the place, and in all. */
#define BEFORE 50
#define WIDTH 74

/* Line number `line`, from 1; ptr is NULL when the source is shorter. */
static isere_slice_t find_line(isere_slice_t source, int line)
{
    const char *at = source.ptr, *end = source.ptr + source.len;
    const char *close;
    for (; line > 1 && at; line--) {
        at = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        at = at ? at + 1 : NULL;
    }
    if (!at || line < 1) {
        return isere_slice(NULL);
    }
    close = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return isere_slice_of(at, (size_t)((close ? close : end) - at));
}

/* Takes the first character off. A tab or another control becomes one space, so
 * that the caret in the next line stays below its character. */
static isere_slice_t next_character(isere_slice_t *line)
{
    size_t used;
    uint32_t c = isere_utf8_decode(line->ptr, line->len, &used);
    isere_slice_t one = isere_slice_of(line->ptr, used);
    line->ptr += used;
    line->len -= used;
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029
               ? isere_slice(" ")
               : one;
}

static int count_characters(isere_slice_t line)
{
    int count = 0;
    while (line.len > 0) {
        (void)next_character(&line);
        count++;
    }
    return count;
}

void isere_caret_put(isere_out_t *out, isere_slice_t source, int line,
                     int column)
{
    isere_slice_t rest = find_line(source, line);
    int end, first;
    if (!rest.ptr || column < 1) {
        return;
    }
    end = count_characters(rest) + 1;
    /* A message may be about the end of the line, one character behind it; the
     * line may also have changed since it was compiled. */
    column = column < end ? column : end;
    first = column > BEFORE ? column - BEFORE : 1;
    for (int i = 1; i < first && rest.len > 0; i++) {
        (void)next_character(&rest);
    }
    isere_out_text(out, "    ");
    for (int i = 0; i < WIDTH && rest.len > 0; i++) {
        /* One at a time: an escape such as \u001b is wider than the character,
         * but controls have become spaces, so that is rare. */
        isere_out_escaped(out, next_character(&rest));
    }
    isere_out_text(out, "\n    ");
    for (int i = first; i < column; i++) {
        isere_out_text(out, " ");
    }
    isere_out_text(out, "^\n");
}
