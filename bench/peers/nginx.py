"""nginx, serving files whose bytes are what the catalogue answered: the bar every ratio is taken against.

With the settings Debian ships (``/etc/nginx/nginx.conf``), one worker and no access log, as the others have none.
"""

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def program() -> str | None:
    """Return nginx's path, or None; Debian puts it where only root looks."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def write(folder: Path, *, port: int, files: Mapping[str, bytes]) -> Path:
    """Write the files by their names, and the settings; return the settings' path.

    A file under ``gzip/`` is served compressed from its ``.gz`` twin.
    """
    for name, content in files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    temporary = "\n".join(f"    {name}_temp_path {folder / name};" for name in TEMPORARY)
    # A worker that is not root could not look into a temporary folder.
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
