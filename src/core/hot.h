/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CORE_HOT_H
#define ENTCAP_CORE_HOT_H

/**
 * Functions of short loops over numbers, compiled once for any machine and once for those with
 * 256-bit registers; the machine's own is picked when the program is loaded. Sanitizers and clang
 * 14 cannot take it.
 *
 * EC_HOT:       with fused multiply-add. Where the file's flags let the compiler fuse (Makefile),
 *               last bits differ between machines, not between runs.
 * EC_HOT_EXACT: at -O3 without contraction, so that every machine computes the same bits.
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define EC_HOT __attribute__((target_clones("fma", "default")))
#define EC_HOT_EXACT                                                                               \
    __attribute__((optimize("O3", "fp-contract=off"), target_clones("avx2", "default")))
#else
#define EC_HOT
#define EC_HOT_EXACT
#endif

/** A part of such a function: it has to be inlined to be compiled like it. */
#define EC_HOT_PART static inline __attribute__((always_inline))

#endif
