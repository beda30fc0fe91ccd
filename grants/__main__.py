"""python -m grants"""

from grants.cli import main

if __name__ == "__main__":
    main()
