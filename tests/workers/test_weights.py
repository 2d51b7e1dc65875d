from __future__ import annotations

import json
from pathlib import Path

import pytest

from ductape.types.entities import LocalSettings
from workers.models.errors import ModelLoadError
from workers.models.factory import load_engine
from workers.models.hosted_protocol import ModelSpec
from workers.models.packaged import PACKAGED_MODEL
from workers.models.weights import resolve_weights


def load(models_dir: Path, name: str, **local: object) -> None:
    load_engine(ModelSpec(name=name, local=LocalSettings.model_validate(local)), models_dir)


@pytest.mark.parametrize("name", ["qwen", "Qwen/Qwen3-0.6B"])
def test_a_folder_of_that_name_is_used(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    assert resolve_weights(name, tmp_path) == tmp_path / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../evil",
        "a/../../evil",
        "/etc",
        "a/b/c",
        "a\\b",
        "a\0b",
        "~/a",
        "a//b",
        "a/",
        "a\n",
        ".hidden",
        "https://x/y",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelLoadError) as caught:
        resolve_weights(name, tmp_path)
    assert caught.value.code == "invalid_model_name"


def test_a_link_out_of_the_models_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "evil").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelLoadError, match="leads out of the models folder"):
        resolve_weights("evil", tmp_path / "models")


def test_an_unknown_model_says_which_folder_was_looked_in(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=f"there is no folder {tmp_path}/nobody/nothing"):
        load(tmp_path, "nobody/nothing")


def test_a_name_is_never_a_path_relative_to_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelLoadError, match="no weights for here"):
        resolve_weights("here", tmp_path / "models")


def copy_without_weights(source: Path, target: Path) -> None:
    target.mkdir()
    for file in source.iterdir():
        if file.suffix != ".safetensors":
            (target / file.name).symlink_to(file.resolve())


def test_pickled_weights_are_not_loaded(models_dir: Path, tmp_path: Path) -> None:
    copy_without_weights(models_dir / PACKAGED_MODEL, tmp_path / "pickled")
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelLoadError, match="safetensors"):
        load(tmp_path, "pickled")


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "coded"
    folder.mkdir()
    auto_map = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model", "AutoTokenizer": ["evil.Tok", None]}
    (folder / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": auto_map}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": auto_map}))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')")
    with pytest.raises(ModelLoadError):
        load(tmp_path, "coded")
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    ("local", "message"),
    [
        ({"backend": "vllm"}, "this host serves huggingface llm, huggingface vlm only, not vllm llm"),
        ({"model_class": "vlm"}, "it takes a config, a processor and safetensors weights"),
        ({"quantization": "awq"}, "quantization and tensor_parallel_size need the backend vllm"),
        ({"tensor_parallel_size": 2}, "quantization and tensor_parallel_size need the backend vllm"),
        ({"device_map": "nowhere"}, "cannot be loaded"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(models_dir: Path, local: dict[str, object], message: str) -> None:
    with pytest.raises(ModelLoadError, match=message):
        load(models_dir, PACKAGED_MODEL, **local)
