from __future__ import annotations

# Where the migrations look for it.
from control_plane.ids import uuid7 as uuid7
