# Work to be timed: each method does its work so many times.
class Rates(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Products of zeros cost a GPU less power than others, and so less time.
  def fill(self: __torch__.Rates, x: Tensor) -> int:
    _0 = torch.uniform_(x, -1., 1.)
    return 0

  def copy(self: __torch__.Rates, target: Tensor, source: Tensor, times: int) -> int:
    for i in range(times):
      _0 = torch.copy_(target, source, True)
    return 0

  # out = x @ w^T
  def product(self: __torch__.Rates, x: Tensor, w: Tensor, out: Tensor, times: int) -> int:
    for i in range(times):
      _0 = torch.mm(x, torch.t(w), out=out)
    return 0

  # out[i] = x[i] @ w[i]^T
  def products(self: __torch__.Rates, x: Tensor, w: Tensor, out: Tensor, times: int) -> int:
    for i in range(times):
      _0 = torch.bmm(x, torch.transpose(w, 1, 2), out=out)
    return 0
