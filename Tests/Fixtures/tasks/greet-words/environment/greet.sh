# Greets everyone named on the command line.
for name in $@; do
  printf 'Hello, %s!\n' "$name"
done
