"""One file per kind of local model. Found through `workers.models.factory`."""
