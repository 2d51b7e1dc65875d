"""The Django project: control (management API and admin) and runner (runs), told apart by settings and key files."""
