"""Random weights saved by the authors' own classes, and their predictions; run as a script.

    python authors_checkpoints.py FAMILY FOLDER [option=value …]

It runs in an environment with the authors' packages, and imports nothing of zooctl.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch


def sequences(n: int, length: int) -> torch.Tensor:
    codes = np.random.default_rng(0).integers(0, 4, (n, length))
    x = np.eye(4, dtype=np.float32)[codes]
    x[0, : length // 10] = 0
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 2, 1)))


def lively(model: torch.nn.Module, size: float = 0.1) -> torch.nn.Module:
    """Move all parameters away from their start, so that no branch is idle."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(
                size * parameter.abs().mean().clamp(min=0.03) * torch.randn_like(parameter)
            )
        for name, values in model.named_buffers():
            if name.endswith("running_var"):
                values.uniform_(0.5, 1.5)
            elif name.endswith("running_mean"):
                values.normal_(0, 0.1)
    return model.eval()


def batches(x: torch.Tensor) -> list[torch.Tensor]:
    """Return ten sequences at a time, or one of many bases, as memory allows."""
    return list(x.split(10 if x.shape[2] < 100_000 else 1))


def heads(logits: torch.Tensor, counts: torch.Tensor) -> dict[str, np.ndarray]:
    return {"logits": logits.numpy(), "counts": counts.numpy()}


def bpnet(folder: Path, *, n: int, length: int, form: str, **sizes: Any) -> tuple[Path, Any]:
    from bpnetlite import bpnet as authors

    model = lively(getattr(authors, form)(verbose=False, **sizes), 1.0)
    torch.save(model.state_dict(), folder / "bpnet.pt")
    x = sequences(n, length)
    return folder / "bpnet.pt", (x, heads(*authors.ControlWrapper(model)(x)))


def chrombpnet(
    folder: Path, *, n: int, length: int, filters: int, layers: int, bias: tuple[int, int]
) -> tuple[Path, Any]:
    from bpnetlite.bpnet import BPNet
    from bpnetlite.chrombpnet import ChromBPNet

    parts = [BPNet(*size, 1, 0, verbose=False) for size in (bias, (filters, layers))]
    model = lively(ChromBPNet(*parts), 1.0)
    torch.save(model.state_dict(), folder / "chrombpnet.pt")
    x = sequences(n, length)
    own = {f"own_{name}": value for name, value in heads(*model.accessibility(x)).items()}
    return folder / "chrombpnet.pt", (x, {**own, **heads(*model(x))})


def chrombpnet_keras(folder: Path, *, n: int, length: int, prefix: str) -> tuple[Path, Any]:
    """Random weights under ChromBPNet's names of layers, as bpnet-lite reads them."""
    import h5py
    from bpnetlite.bpnet import BPNet

    model = lively(BPNet(8, 3, 1, 0, verbose=False), 1.0)
    layers = {"bpnet_1st_conv": model.iconv}
    layers |= {f"bpnet_{i}conv": conv for i, conv in enumerate(model.rconvs, 1)}
    head = "bpnet_" if prefix else ""
    layers |= {f"{head}prof_out_precrop": model.fconv, f"{head}logcount_predictions": model.linear}
    with h5py.File(folder / "chrombpnet.h5", "w") as file:
        for name, layer in layers.items():
            group = f"model_weights/{prefix}{name}/{prefix}{name}"
            file[f"{group}/kernel:0"] = layer.weight.numpy().T
            file[f"{group}/bias:0"] = layer.bias.numpy()
    read = BPNet.from_chrombpnet(folder / "chrombpnet.h5").eval()
    x = sequences(n, length)
    return folder / "chrombpnet.h5", (x, heads(*read(x)))


def cherimoya(folder: Path, *, n: int, length: int, **sizes: Any) -> tuple[Path, Any]:
    from cherimoya import Cherimoya
    from cherimoya.wrappers import ControlWrapper, ExpectedCountsWrapper

    model = lively(Cherimoya(compile=False, random_state=1, **sizes), 3.0)
    (folder / "ENCSR000EOT").mkdir()
    path = folder / "ENCSR000EOT" / "cherimoya.fold_0.torch"
    model.save(path)
    x = sequences(n, length)
    made = heads(*ControlWrapper(model)(x))
    return path, (x, {**made, "coverage": ExpectedCountsWrapper(ControlWrapper(model))(x).numpy()})


def enformer(
    folder: Path, *, n: int, length: int, noise: float = 1.0, **sizes: Any
) -> tuple[Path, Any]:
    from enformer_pytorch import Enformer

    model = lively(Enformer.from_hparams(**sizes), noise)
    # The package's parts share tensors, which safetensors refuses.
    model.save_pretrained(folder, safe_serialization=False)
    x = sequences(n, length)
    parts = [model(part.transpose(1, 2)) for part in batches(x)]
    made = {
        name: torch.cat([part[name] for part in parts]).transpose(1, 2).numpy() for name in parts[0]
    }
    return folder / "pytorch_model.bin", (x, made)


def borzoi(
    folder: Path, *, n: int, length: int, noise: float = 1.0, **sizes: Any
) -> tuple[Path, Any]:
    from borzoi_pytorch import Borzoi
    from borzoi_pytorch.config_borzoi import BorzoiConfig

    model = lively(Borzoi(BorzoiConfig(**sizes)), noise)
    model.save_pretrained(folder)
    x = sequences(n, length)
    made = {"human": torch.cat([model(part, is_human=True) for part in batches(x)]).numpy()}
    if sizes.get("enable_mouse_head"):
        made["mouse"] = model(x[:10], is_human=False).numpy()
    return folder / "model.safetensors", (x, made)


def grelu(
    folder: Path, *, n: int, length: int, kind: str, task: str, loss: str, **sizes: Any
) -> tuple[Path, Any]:
    """Save by Lightning's trainer, with the fields that gReLU's training adds."""
    import pytorch_lightning as lightning
    from grelu.lightning import LightningModel

    parameters = {"model_type": kind, **sizes}
    model = LightningModel(parameters, {"task": task, "loss": loss})
    lively(model, 1.0)
    names = [f"cell {number}" for number in range(sizes["n_tasks"])]
    chroms = {"train": ["chr1", "chr2", "chr1"], "val": ["chr3"]}
    model.data_params = {"tasks": {"name": names}}
    for part, own in chroms.items():
        regions = {"chrom": own, "start": [0] * len(own), "end": [length] * len(own)}
        facts = {"seq_len": length, "genome": "hg38", "bin_size": None, "intervals": regions}
        model.data_params[part] = facts
    model.performance = {"val": {"pearson": np.ones(3, np.float32), "best": np.float64(0.5)}}
    trainer = lightning.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False)
    trainer.strategy.connect(model)
    trainer.save_checkpoint(folder / "model.ckpt")
    x = sequences(n, length)
    read = LightningModel.load_from_checkpoint(folder / "model.ckpt", weights_only=False).eval()
    made = torch.cat([read(part) for part in batches(x)])
    return folder / "model.ckpt", (x, {"tracks": made.numpy()})


def main() -> None:
    """Write the checkpoint and ``made.npz``, and print the checkpoint's path."""
    family, folder, *words = sys.argv[1:]
    options = {
        name: ast.literal_eval(value) for name, _, value in (w.partition("=") for w in words)
    }
    torch.manual_seed(0)
    with torch.no_grad():
        path, (inputs, outputs) = globals()[family](Path(folder), **options)
    np.savez(Path(folder) / "made.npz", inputs=inputs.numpy(), **outputs)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
