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

  # One query for each sequence of keys and values [sequences, length, kvHeads, headDim], sequence by sequence as the
  # engine's kernel does it; q is [sequences, heads, headDim], out alike.
  def attention(self: __torch__.Rates, q: Tensor, keys: Tensor, values: Tensor, out: Tensor, times: int) -> int:
    kv_heads = torch.size(keys, 2)
    group = torch.floordiv(torch.size(q, 1), kv_heads)
    for i in range(times):
      for s in range(torch.size(q, 0)):
        k = torch.unsqueeze(torch.transpose(torch.select(keys, 0, s), 0, 1), 0)
        v = torch.unsqueeze(torch.transpose(torch.select(values, 0, s), 0, 1), 0)
        x = torch.view(torch.select(q, 0, s), [1, kv_heads, group, torch.size(q, 2)])
        y = torch.scaled_dot_product_attention(x, k, v, None, 0., False)
        _0 = torch.copy_(torch.select(out, 0, s), torch.view(y, [kv_heads * group, torch.size(q, 2)]))
    return 0
