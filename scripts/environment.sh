# shellcheck shell=sh
# Sourced by scripts/serve and scripts/test, with $root set to the project's folder: finds the Python to start with.
# What follows, the .venv included, is Python's own work (installing.py): sh cannot stop pip and its children cleanly.

# Our sentences are Chinese whatever the locale says, and pip must not write to "/.cache" where HOME is empty.
export PYTHONUTF8=1
[ -n "${HOME:-}" ] || unset HOME

# Ends with 0 where the Python fits, 3 with its version where it is too old or too new, 4 where it has no venv.
# Read by any Python there is, the second one too.
probe='
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.stdout.write("%d.%d" % sys.version_info[:2])
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)
'

# Sets $python, or says what to do and ends.
find_python() {
    # The .venv of an earlier start is asked first, since it is the one that will serve.
    if [ -z "${PYTHON:-}" ] && [ -f "$root/.venv/installed" ] && "$root/.venv/bin/python" -c '' 2>/dev/null; then
        python=$root/.venv/bin/python
        return
    fi
    other='' bare=''
    for python in "${PYTHON:-python3}" ${PYTHON:+""} python3.13 python3.12 python3.11; do
        # The empty word ends the list: who names a Python does not want another one.
        [ -n "$python" ] || break
        # One that is not there, or does not run (a pyenv shim of a version not installed), counts as none.
        found=$("$python" -c "$probe" 2>/dev/null </dev/null)
        case $? in
        0) return ;;
        3) other=${other:-$found} ;;
        4) bare=${bare:-$python} ;;
        esac
    done
    if [ -n "$bare" ]; then
        echo "Python（$bare）缺少 venv 模块：请先安装它（Debian 或 Ubuntu：apt install python3-venv），或用 PYTHON=/路径/python3 指明另一个 Python。" >&2
    elif [ -n "$other" ]; then
        echo "Python $other 不合用，需要 3.11、3.12 或 3.13：请安装其中之一，或用 PYTHON=/路径/python3 指明。" >&2
    elif [ -n "${PYTHON:-}" ]; then
        echo "PYTHON 指明的 $PYTHON 不能运行：请改为 Python 3.11、3.12 或 3.13 的路径。" >&2
    else
        echo "没有找到 Python：请安装 3.11、3.12 或 3.13（Debian 或 Ubuntu：apt install python3 python3-venv），或用 PYTHON=/路径/python3 指明。" >&2
    fi
    exit 1
}
