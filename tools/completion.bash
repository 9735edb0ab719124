#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion for bash. What there is to complete stands in tables that `entcap help --format bash`
# prints; the build puts them before this text. Needs nothing of the package bash-completion.
#   _entcap_verbs[VERB]    the verbs below a verb; of "." those of entcap
#   _entcap_files[VERB]    what its arguments are, as its help calls them: "FILE..."
#   _entcap_options[VERB]  a line "--option ARGUMENT" for each
#   _entcap_partitions     names that need not be listed in a description
#   _entcap_codes          of findings
# Scratch: _entcap_words, those of the command line up to the cursor; _entcap_argument.

# shellcheck disable=SC2154  # the tables

# Fill _entcap_words: bash splits words at = and : as well.
_entcap_split() {
    local i glue=
    _entcap_words=()
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} =~ ^[=:]+$ && ${#_entcap_words[@]} -gt 0 ]]; then
            _entcap_words[-1]+=${COMP_WORDS[i]}
            glue=yes
        elif [[ $glue ]]; then
            _entcap_words[-1]+=${COMP_WORDS[i]}
            glue=
        else
            _entcap_words+=("${COMP_WORDS[i]}")
        fi
    done
}

# Offer the words that begin like $1, each with $2 before it. bash puts the last piece of the word
# in hand only, so whatever stands before its last = or : is taken off again.
_entcap_offer() {
    local current=$1 before=$2 word shown
    shift 2
    shown=$before$current
    [[ $shown == *[=:]* ]] && shown=${shown%"${shown##*[=:]}"} || shown=
    for word; do
        [[ $word == "$current"* ]] || continue
        word=$before$word
        COMPREPLY+=("${word#"$shown"}")
    done
    # "params=" and "block:" go on
    [[ ${COMPREPLY[*]} != *[=:] ]] || compopt -o nospace 2>/dev/null || :
}

# Offer folders, and files with one of the endings in $3, "yaml|json"; with "" all files.
_entcap_offer_files() {
    local current=${1//\\/} before=$2 endings=$3 file found=()
    current=${current#[\"\']}
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do
        [[ -z $endings || -d $file || $file =~ \.($endings)$ ]] && found+=("$file")
    done < <(compgen -f -- "${current/#\~\//$HOME/}")
    _entcap_offer "${current/#\~\//$HOME/}" "$before" "${found[@]}"
}

# SPEC: a data set by its name, or files after "idx:" or "npy:", parted by commas.
_entcap_offer_data() {
    local current=$1 before=$2
    if [[ $current == idx:* || $current == npy:* ]]; then
        local head=${current%"${current##*[:,]}"}
        case $current in
            idx:*) _entcap_offer_files "${current#"$head"}" "$before$head" '' ;;
            npy:*) _entcap_offer_files "${current#"$head"}" "$before$head" npy ;;
        esac
    else
        _entcap_offer "$current" "$before" fashion-mnist mnist idx: npy:
    fi
}

# Partitions that descriptions on the command line list, a line each, if their names are plain.
_entcap_listed() {
    local word
    for word in "${_entcap_words[@]}"; do
        [[ $word == *.y*ml && -f $word ]] &&
            sed -n 's/^.*{ *name: *\([A-Za-z0-9_.-]*\) *, *a:.*/\1/p' "$word"
    done
}

# What an argument may be, by what the help calls it; $1 what is typed of it, $2 what stands before.
_entcap_offer_value() {
    local current=$1 before=$2 argument=$3
    local -a choices partitions codes
    read -d '' -ra partitions <<<"$_entcap_partitions $(_entcap_listed)"
    read -ra codes <<<"$_entcap_codes"
    case $argument in
        P) _entcap_offer "$current" "$before" "${partitions[@]}" ;;
        NAME=RANK | 'NAME[=WEIGHT],...')
            _entcap_offer "$current" "$before" "${partitions[@]/%/=}"
            ;;
        NAME=N | NAME=VALUES | WIDTH=VALUES)
            _entcap_offer "$current" "$before" r0= r1= r2= r3= r4= input= M=
            ;;
        CODE) _entcap_offer "$current" "$before" "${codes[@]}" ;;
        CODE=LEVEL)
            _entcap_offer "$current" "$before" "${codes[@]/%/=}"
            ;;
        WHAT=N)
            _entcap_offer "$current" "$before" params= madds= memory=
            ;;
        SPEC) _entcap_offer_data "$current" "$before" ;;
        FILE | FILE...) _entcap_offer_files "$current" "$before" '' ;;
        *FILE.*[a-z]) _entcap_offer_files "$current" "$before" "${argument#*FILE.}" ;;
        *'|'*)
            IFS='|' read -ra choices <<<"$argument"
            _entcap_offer "$current" "$before" "${choices[@]}"
            ;;
    esac
}

# The argument of option $2 of verb $1 in _entcap_argument; fails if there is no such option.
_entcap_find() {
    local option
    while read -r option _entcap_argument; do
        [[ $option == "$2" ]] && return
    done <<<"${_entcap_options[$1]}"
    _entcap_argument=
    return 1
}

# Offer what may stand alone: an option, or an argument of the verb.
_entcap_offer_word() {
    local verb=$1 current=$2 files=${_entcap_files[$1]}
    local -a options
    if [[ $current == -* ]]; then
        mapfile -t options < <(sed -n 's/^\(--[^ ]*\).*/\1/p' <<<"${_entcap_options[$verb]}")
        _entcap_offer "$current" '' "${options[@]}"
    elif [[ $files == *CODE* ]]; then
        _entcap_offer_value "$current" '' CODE
    elif [[ $files =~ ^FILE\.[a-z|]+ ]]; then
        _entcap_offer_value "$current" '' "${BASH_REMATCH[0]}"
    elif [[ $files == FILE* ]]; then
        _entcap_offer_files "$current" '' 'yaml|yml|json'
    fi
}

_entcap() {
    local _entcap_words _entcap_argument verb=. at=0 current
    local -a below
    COMPREPLY=()
    _entcap_split
    [[ ${_entcap_words[0]} == help && ${#_entcap_words[@]} -gt 1 ]] && at=1
    while [[ ${_entcap_verbs[$verb]} && ${_entcap_words[at]} != -?* ]]; do
        if ((at == ${#_entcap_words[@]} - 1)); then
            read -d '' -ra below <<<"${_entcap_verbs[$verb]}"
            ((at == 0)) && below+=(--help --version) || [[ $verb != . ]] || below+=(layers)
            _entcap_offer "${_entcap_words[at]}" '' "${below[@]}"
            return
        fi
        [[ $verb == . ]] && verb=${_entcap_words[at]} || verb+=" ${_entcap_words[at]}"
        ((at++))
    done
    [[ ${_entcap_words[0]} == help ]] && verb=help
    [[ $verb == . ]] && _entcap_offer "${_entcap_words[0]}" '' --help --version
    current=${_entcap_words[-1]}
    if [[ $current == --*=* ]] && _entcap_find "$verb" "${current%%=*}"; then
        _entcap_offer_value "${current#*=}" "${current%%=*}=" "$_entcap_argument"
    elif ((${#_entcap_words[@]} > 1)) && _entcap_find "$verb" "${_entcap_words[-2]}" &&
        [[ $_entcap_argument ]]; then
        _entcap_offer_value "$current" '' "$_entcap_argument"
    else
        _entcap_offer_word "$verb" "$current"
    fi
}

complete -F _entcap entcap
