/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CORE_HOT_H
#define ENTCAP_CORE_HOT_H

/**
 * EC_HOT: a function of short loops over doubles, compiled once for any machine and once for those
 * with 256-bit registers and fused multiply-add; the machine's own is picked when the program is
 * loaded. Last bits differ between machines, not between runs. Files of such functions are built
 * with -O3 (Makefile). Sanitizers and clang 14 cannot take it.
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define EC_HOT __attribute__((target_clones("fma", "default")))
#else
#define EC_HOT
#endif

/** A part of such a function: it has to be inlined to be compiled like it. */
#define EC_HOT_PART static inline __attribute__((always_inline))

#endif
