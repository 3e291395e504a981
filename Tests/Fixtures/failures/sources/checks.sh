# Prints what the harnesses of our own tasks, in C and in shell, print.
cat <<'EOF'
ok 1 - plain
not ok 2 - words
# got:
# two
# words
# expected:
# two words
not ok 3 - status
# got:
# 0
# expected:
# 1
1..3
EOF
exit 1
