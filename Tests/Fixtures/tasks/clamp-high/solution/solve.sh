sed -i 's/if (value > high) return low;/if (value > high) return high;/' clamp.c
