"""nginx, serving files with the bytes of the catalogue's responses: the reference of the ratios.

The settings are Debian's (``/etc/nginx/nginx.conf``), with one worker and, as for the other servers, no access log.
"""

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def program() -> str | None:
    """Return nginx's path, or None. Debian installs it in /usr/sbin, which is on root's PATH only."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def write(folder: Path, *, port: int, files: Mapping[str, bytes]) -> Path:
    """Write the files by name, and the settings; return the path of the settings.

    A file under ``gzip/`` is served compressed, from the file of the same name with ``.gz``.
    """
    for name, content in files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    temporary = "\n".join(f"    {name}_temp_path {folder / name};" for name in TEMPORARY)
    # A worker that is not root could not read the temporary folder.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(f"""{user}
worker_processes 1;
daemon off;
pid {folder / "nginx.pid"};
error_log stderr;
events {{
    worker_connections 768;
}}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    types {{
        application/json json;
    }}
    default_type application/octet-stream;
    access_log off;
    gzip on;
{temporary}
    server {{
        listen 127.0.0.1:{port};
        root {folder / "files"};
        location /gzip/ {{
            gzip_static on;
        }}
    }}
}}
""")
    return settings
