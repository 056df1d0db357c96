"""``python -m aiqa_integration`` and the ``aiqa`` program."""

from aiqa_integration.cli import main

if __name__ == "__main__":
    main()
