# What a device that is simulated in the host's memory does besides kernels.
class Software(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Fills x with what nobody takes for data: not-a-number, or bytes that are that in every type of floating point.
  def poison(self: __torch__.Software, x: Tensor) -> int:
    if ops.prim.dtype(x) == 0:
      _0 = torch.fill_(x, 255)
    else:
      if torch.is_floating_point(x):
        _1 = torch.div_(torch.zero_(x), 0.)
    return 0
