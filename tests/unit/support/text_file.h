/* Files that tests read. */
#ifndef ISERE_TESTS_TEXT_FILE_H
#define ISERE_TESTS_TEXT_FILE_H

/* The whole file and a NUL, to be released with free(); the test fails when it
 * can't be read. */
char *text_file_read(const char *path);

#endif
