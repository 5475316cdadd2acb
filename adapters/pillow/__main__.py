"""`python -m adapters.pillow <socket number>`: the picture process. Only `sandbox` starts it."""

from adapters.pillow.zygote import main

main()
