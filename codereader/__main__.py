"""Where every command begins, as ``codereader`` or ``python -m codereader``: Ctrl-C is answered before all else."""

try:
    from codereader.fronts import interrupts
except KeyboardInterrupt:  # the import of what answers it
    raise SystemExit(130) from None


def main() -> None:
    """Run the command line and exit with its code."""
    interrupts.end_at_once()
    from codereader.fronts.cli import main as run

    run()


if __name__ == "__main__":
    main()
