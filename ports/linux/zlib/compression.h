/* The Linux port's compression, where the build has zlib. */
#ifndef ISERE_PORTS_LINUX_ZLIB_COMPRESSION_H
#define ISERE_PORTS_LINUX_ZLIB_COMPRESSION_H

#include "isere/compression.h"

extern const isere_compression_t isere_linux_compression;

#endif
