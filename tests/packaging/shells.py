# SPDX-License-Identifier: Apache-2.0
"""What bash, zsh and fish make of a command line that ends in a TAB, with the completions that lie
below a folder as an installation leaves them."""
import os
import pty
import select
import subprocess
import time
from pathlib import Path

PATIENCE_S = 120
BASH, ZSH, FISH = (
    "usr/share/bash-completion/completions/bucky", "usr/share/zsh/vendor-completions/_bucky",
    "usr/share/fish/vendor_completions.d/bucky.fish")

# What ^X is bound to says what the line has become: zsh takes keys one after the other.
ZSH_BEGIN = """
fpath=({folder} $fpath); autoload -Uz compinit; compinit -D -u; LISTMAX=1000; unsetopt beep
tell() {{ zle -I; print -r -- "[line:$BUFFER]" }}; zle -N tell; bindkey '^X' tell; print '[be''gin]'
"""


def in_bash(root: Path, *words, **env):
    """The words that are offered for the last of these."""
    line = " ".join(f"'{word}'" for word in words)
    script = (f"source '{root / BASH}'; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _bucky; "
              'echo "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "--norc", "-c", script], env=dict(os.environ, **env), text=True,
                          check=True, stdout=subprocess.PIPE).stdout.split()


def in_fish(root: Path, line: str, **env):
    """The words that are offered, with what they do: {word: words}."""
    script = f"source '{root / FISH}'; complete -C '{line}'"
    with_home = dict(os.environ, HOME=str(root), **env)
    said = subprocess.run(["fish", "--no-config", "-c", script], env=with_home, text=True,
                          check=True, stdout=subprocess.PIPE).stdout
    return dict((one + "\t").split("\t")[:2] for one in said.splitlines())


def until(terminal: int, mark: str) -> str:
    """What is written to a terminal up to and with `mark`."""
    seen, give_up = "", time.monotonic() + PATIENCE_S
    while mark not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, give_up - time.monotonic()))
        assert ready, f"never {mark!r}, but {seen!r}"
        seen += os.read(terminal, 4096).decode()
    return seen


def in_zsh(root: Path, line: str, **env):
    """What the line is after a TAB, and what stood on the terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"],
                   dict(os.environ, TERM="dumb", HOME=str(root), PS1="", COLUMNS="200", **env))
    try:
        begin = ZSH_BEGIN.format(folder=(root / ZSH).parent)
        os.write(terminal, begin.encode())
        until(terminal, "[begin]")
        os.write(terminal, f"{line}\t\x18".encode())
        seen = until(terminal, "[line:")
        while "]" not in seen[seen.index("[line:"):]:
            seen += until(terminal, "]")
        at = seen.index("[line:")
        return seen[at + len("[line:"):seen.index("]", at)], seen[:at]
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
