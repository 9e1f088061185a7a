# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's CPU build on the graphs of make_models.py, beside bench_inference: two sessions of
one thread, and one of two threads. onnx_runtime.py FOLDER, with a Python that has onnxruntime."""
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnxruntime


def session(file: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])


def speed(sessions, image, images: int) -> float:
    left = list(range(images))

    def work(one):
        while left:
            try:
                left.pop()
            except IndexError:
                return
            one.run(None, {"x": image})

    for one in sessions:
        one.run(None, {"x": image})
    started = time.time()
    threads = [threading.Thread(target=work, args=(one,)) for one in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return images / (time.time() - started)


def main() -> None:
    print(f"ONNX Runtime {onnxruntime.__version__}, fp32, images/s, median of 5\n")
    print("| model | 2 x 1 thread | 1 x 2 threads |\n|---|---|---|")
    for name, side, images in (("densenet121-224", 224, 40), ("densenet121-512", 512, 10),
                               ("resnet50-512", 512, 10)):
        file = Path(sys.argv[1]) / f"{name}.onnx"
        image = np.random.default_rng(1).random((1, 1, side, side), dtype=np.float32)
        many, one = [session(file, 1), session(file, 1)], [session(file, 2)]
        medians = [sorted(speed(sessions, image, images) for _ in range(5))[2]
                   for sessions in (many, one)]
        print(f"| {name} | {medians[0]:.2f} | {medians[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
