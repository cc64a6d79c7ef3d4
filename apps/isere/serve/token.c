/* The token file: read, or made on the first start. Its owner alone may read
 * it, as with a private key of SSH. */
#include "apps/isere/serve/token.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file is named, since it may be the default one. */
static int complain(const char *path, const char *why)
{
    fprintf(stderr, "isere: the token file %s: %s\n", path, why);
    return ISERE_ERR_IO;
}

/* A file that others can read is refused: the token gives full control. */
static int read_token(int fd, const char *path, char token[ISERE_TOKEN_LEN + 1])
{
    /* A token, its newline, and one byte more, so that longer files show. */
    char text[ISERE_TOKEN_LEN + 2];
    struct stat info;
    ssize_t len = read(fd, text, sizeof(text));
    if (len < 0 || fstat(fd, &info) != 0) {
        return complain(path, strerror(errno));
    }
    /* Of the open file, not of the path: it can't be swapped in between. */
    if (info.st_mode & 077) {
        return complain(path, "others can read it: chmod 600");
    }
    if (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    if (len != ISERE_TOKEN_LEN) {
        return complain(path, "it must hold 64 hexadecimal digits");
    }
    memcpy(token, text, ISERE_TOKEN_LEN);
    token[ISERE_TOKEN_LEN] = '\0';
    if (strspn(token, "0123456789abcdefABCDEF") != ISERE_TOKEN_LEN) {
        return complain(path, "it must hold 64 hexadecimal digits");
    }
    return 0;
}

static int make_token(char token[ISERE_TOKEN_LEN + 1])
{
    unsigned char bytes[ISERE_TOKEN_LEN / 2];
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        return ISERE_ERR_IO;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    }
    /* The compiler may drop a memset of what is not read again. */
    explicit_bzero(bytes, sizeof(bytes));
    return 0;
}

/* Written to a file beside it, then linked: the token file is never partial. */
static int write_token(const char *path, const char *token)
{
    char beside[4096], line[ISERE_TOKEN_LEN + 2];
    int len = snprintf(beside, sizeof(beside), "%s.%ld", path, (long)getpid());
    int size = snprintf(line, sizeof(line), "%s\n", token);
    int fd = len < (int)sizeof(beside)
                 ? open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    bool fine;
    if (fd < 0) {
        return complain(path, strerror(errno));
    }
    fine = write(fd, line, (size_t)size) == size && fsync(fd) == 0;
    /* link fails if the file exists meanwhile, where rename would replace a
     * token that somebody may have copied already. */
    fine = close(fd) == 0 && fine && link(beside, path) == 0;
    if (!fine) {
        size = complain(path, strerror(errno));
    }
    unlink(beside);
    explicit_bzero(line, sizeof(line));
    return fine ? 0 : size;
}

int isere_token_load(const char *path, char token[ISERE_TOKEN_LEN + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int error;
    if (fd >= 0) {
        error = read_token(fd, path, token);
        close(fd);
        return error;
    }
    if (errno != ENOENT) {
        return complain(path, strerror(errno));
    }
    if (make_token(token) != 0) {
        return complain(path, "the system has no random bytes for it");
    }
    error = write_token(path, token);
    if (error == 0) {
        fprintf(stderr, "isere: made a token for the admin API: %s\n", path);
    }
    return error;
}
