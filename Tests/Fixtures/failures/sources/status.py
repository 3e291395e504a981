import sys

print("checking 3 files")
print("b.txt: 2 lines too long", file=sys.stderr)
sys.exit(3)
