"""Pictures: decoded and encoded by Pillow, in disposable processes behind `images.SandboxedImages`.

`images` and `sandbox` run in our processes and never import a decoder. `zygote`, `codec`, `headers` and `camera` run in
the picture process only.
"""
