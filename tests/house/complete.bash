#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What bash would offer after a command line, a line each, sorted.
# usage: complete.bash COMPLETION LINE
# shellcheck source=/dev/null
source "$1" || exit 5
# readline parts words at blanks, and at = and :, which are words themselves
read -ra COMP_WORDS < <(sed -E 's/[=:]+/ & /g' <<<"$2")
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_entcap entcap "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || exit
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort
