#include "bench/arm/guard.h"
#include "ports/cortex_m/mpu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VTOR (*(volatile uint32_t *)0xE000ED08u)
#define SHCSR (*(volatile uint32_t *)0xE000ED24u)

enum { VECTORS = 16, MEMORY_FAULT = 4, MEMORY_FAULTS_ON = 1 << 16 };

static void on_memory_fault(void)
{
    if (!isere_mpu_fault()) {
        fprintf(stderr, "bench-arm: a fault that is not the guard's\n");
        _Exit(1);
    }
}

bool bench_guard_init(isere_port_t *port)
{
    /* A copy of the vectors with that one replaced. */
    static uint32_t vectors[VECTORS] __attribute__((aligned(128)));
    memcpy(vectors, (const void *)(uintptr_t)VTOR, sizeof(vectors));
    vectors[MEMORY_FAULT] = (uint32_t)(uintptr_t)on_memory_fault;
    VTOR = (uint32_t)(uintptr_t)vectors;
    SHCSR |= MEMORY_FAULTS_ON;
    return isere_mpu_init(port, 0);
}
