#!/bin/sh
# Makes .venv, or brings it up to date; the Makefile calls it. If it cannot go on, it prints one line on
# stderr that says what to do, and ends with status 2.
#
#   setup.sh             install the course with what its tests need
#   setup.sh add EXTRAS  install more extras, separated by commas, into a finished .venv
#   setup.sh whole       succeed if .venv still works where it is now
#   setup.sh same        succeed if .venv has the Python that is asked for, or does not exist yet
#   setup.sh writable    succeed if files can be written in the folder of the course
#
# Environment: PYTHON, TORCH_INDEX and CONSTRAINTS as in the Makefile; CALL is the command to repeat
# afterwards; ANEW is not empty if the existing .venv can no longer be used.
set -u
: "${CONSTRAINTS:=constraints.txt}"

python=.venv/bin/python
stamp=.venv/ready
# This file exists while packages are installed; a .venv with it is made anew, not brought up to date.
unfinished=.venv/unfinished
log=.venv/setup.log
step_log=.venv/step.log

stop() {
    echo "$*" >&2
    exit 2
}

# Run a command quietly; its output goes to the end of $log, and into $step_log for `reason`.
quietly() {
    "$@" >"$step_log" 2>&1
    status=$?
    cat "$step_log" >>"$log"
    return "$status"
}

pip() {
    quietly "$python" -m pip --disable-pip-version-check "$@"
}

is_full() {
    grep -qiE 'no space left on device|disk quota exceeded' "$step_log"
}

# Why the last step failed, and what to do about it.
reason() {
    if is_full; then
        free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
        echo "the disk is full: a whole .venv takes 1.7 GB, and $free MB are free in $(pwd -P)." \
            "Make room and run $CALL again; details in $log."
    elif grep -qE 'connection broken by|Max retries exceeded|[Tt]imed out|for pip$' "$step_log"; then
        echo "no package index answers. Connect to a network (or set PIP_INDEX_URL to a mirror)" \
            "and run $CALL again; details in $log."
    else
        error=$(grep -i '^error' "$step_log" | tail -n 1)
        echo "${error:-$(tail -n 1 "$step_log")}. Fix that and run $CALL again;" \
            "details in $log."
    fi
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

is_whole() {
    # Scripts in a .venv name their folder, so it cannot be moved. When the system's Python is
    # replaced by another, the .venv's Python starts, but does not find what was installed; -I,
    # because it would find the course in the current folder.
    [ "$(cat "$stamp")" = "$(pwd -P)" ] && "$python" -I -c 'import course_lib, course_tasks, course_tools' 2>/dev/null
}

check_python() {
    is_new_enough "${PYTHON:=python3}" ||
        stop "The course needs Python 3.10 or newer; '$PYTHON --version' says:" \
            "$("$PYTHON" --version 2>&1 | tail -n 1). Install one, or name the one to use:" \
            "$CALL PYTHON=python3.12"
}

check_folder() {
    denied=$(mkdir -p .venv 2>&1 && rm -f "$log" 2>&1 && touch "$log" 2>&1) ||
        stop "Nothing can be written in $(pwd -P) (${denied##*: }). Copy the course to a folder of" \
            "your own and run $CALL there."
}

# A .venv that another program, such as an editor, has made is used if possible.
check_strange_venv() {
    [ -e "$python" ] || [ -L "$python" ] || return 0
    is_new_enough "$python" ||
        stop "The .venv in this folder, which the course did not make, has" \
            "$("$python" --version 2>/dev/null || echo "a Python that does not start");" \
            "3.10 or newer is needed. To replace it: make clean, then $CALL"
}

is_same() {
    check_python
    [ -e "$stamp" ] || check_strange_venv
    [ -z "${ANEW:-}" ] && [ ! -e "$unfinished" ] && [ -x "$python" ] || return 0
    [ "$(version_of "$PYTHON")" = "$(version_of "$python")" ] ||
        stop "PYTHON=$PYTHON is $("$PYTHON" --version 2>&1 | tail -n 1), but .venv has Python" \
            "$(version_of "$python"). To make it anew: make clean, then $CALL PYTHON=$PYTHON"
}

make_venv() {
    touch "$unfinished"
    if [ -x "$python" ]; then # as uv makes it, without pip
        quietly "$python" -m ensurepip && return
    else
        quietly "$PYTHON" -m venv .venv && return
    fi
    is_full && stop "Set-up stopped: $(reason)"
    stop "'$PYTHON -m venv .venv' failed (on Debian and Ubuntu: apt-get install python3-venv);" \
        "the reason is in $log."
}

install_torch() {
    [ "$(uname -s)" = Linux ] && [ -n "$TORCH_INDEX" ] || return 0
    pip install --retries 1 --timeout 10 --no-deps --index-url "$TORCH_INDEX" \
        "$(sed -n 's/^torch==\([0-9.]*\).*/torch==\1+cpu/p' "$CONSTRAINTS")" && return
    is_full && stop "Set-up stopped: $(reason)"
    echo "      not available from $TORCH_INDEX; installing the standard build instead (large on Linux)"
}

# pip unpacks in the folder for temporary files: with one beside the packages, /tmp may be full.
use_own_tmp() {
    TMPDIR=$(pwd -P)/.venv/tmp
    export TMPDIR
    mkdir -p "$TMPDIR" || stop "Set-up stopped: $TMPDIR cannot be made."
    trap 'rm -rf "$TMPDIR" "$step_log"' EXIT
}

set_up() {
    check_python
    if [ -n "${ANEW:-}" ] || [ -e "$unfinished" ]; then
        rm -rf .venv 2>/dev/null
    elif [ ! -e "$stamp" ]; then
        check_strange_venv
    fi
    check_folder
    echo "Setting up .venv: about 2 minutes and 1.7 GB the first time; details in $log."
    use_own_tmp
    [ -x .venv/bin/pip ] || make_venv
    echo "  1/3 pip, which also shows whether a package index answers"
    pip install --retries 1 --timeout 10 --upgrade --force-reinstall pip ||
        stop "Set-up stopped: $(reason)"
    touch "$unfinished"
    echo "  2/3 PyTorch, CPU build"
    install_torch
    echo "  3/3 everything else"
    pip install -c "$CONSTRAINTS" -e ".[staff]" || stop "Set-up stopped: $(reason)"
    rm "$unfinished"
    pwd -P >"$stamp" || stop "Set-up stopped: $stamp cannot be written."
    echo "  done"
}

add() {
    check_folder
    use_own_tmp
    echo "Adding the extras $1 to .venv; details in $log."
    pip install -c "$CONSTRAINTS" -e ".[$1]" || stop "Set-up stopped: $(reason)"
}

case "${1:-}" in
"") set_up ;;
add) add "$2" ;;
whole) is_whole ;;
same) is_same ;;
writable)
    [ -w . ] || stop "Nothing can be written in $(pwd -P)." \
        "Copy the course to a folder of your own and run $CALL there."
    ;;
*) stop "setup.sh knows no '$1'" ;;
esac
