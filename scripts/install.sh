# shellcheck shell=sh
# Sourced by scripts/serve and scripts/test: goes to the project's folder, makes .venv and installs into it.
set -u
cd "$(dirname -- "$0")/.." || exit 1
# Messages are Chinese in any locale; pip must neither write to "/.cache" nor install into the user's site-packages.
export PYTHONUTF8=1 PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1
[ -n "${HOME:-}" ] || unset HOME

stop() { echo "$1" >&2 && exit 1; }

# Sets $python to PYTHON, or to the first supported version found.
find_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi
    for python; do
        "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && return
    done
    found=$("$1" --version 2>/dev/null) || found="没有 $1"
    stop "需要 Python 3.11、3.12 或 3.13（现在：$found）：请安装其中之一，或用 PYTHON=/路径/python3 指明。"
}

# Installs requirements files into .venv unless they are unchanged: .venv has a copy of each installed file.
install_requirements() {
    if [ ! -x .venv/bin/python ] || [ -e .venv/unfinished ]; then
        find_python
        echo "正在建立 .venv（$("$python" --version)）……"
        { rm -rf .venv && mkdir .venv && touch .venv/unfinished && "$python" -m venv .venv && rm .venv/unfinished; } >/dev/null 2>&1 ||
            stop '没有建成 .venv：请检查目录权限、磁盘空间和 Python 的 venv 模块（Debian 或 Ubuntu：apt install python3-venv）。'
    fi
    for name; do
        cmp -s "$name" ".venv/$name" && continue
        rm -f ".venv/$name"
        echo "正在安装 $name（首次约需半分钟，取决于网络）……"
        output=$(.venv/bin/python -m pip install --quiet --no-input -r "$name" 2>&1) ||
            stop "没有装成 $name：请检查网络，或设置 pip 的镜像（例如 PIP_INDEX_URL），再运行一次（$(echo "$output" | grep -i '^error' | tail -n 1)）。"
        cp "$name" .venv
    done
}
