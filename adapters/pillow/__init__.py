"""Pictures: decoded and encoded by Pillow, in disposable processes behind `images.SandboxedImages`.

`images` and `sandbox` run in our processes and never import a decoder. `zygote`, `codec`, `headers`, `camera` and
`pixels` run in the picture process only.
"""
