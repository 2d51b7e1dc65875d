"""The model layer and the hosts. Imports `ductape` for the vocabulary and nothing of Django."""
