# Gated delta rules, in the form of kernels.py, all in float32. n counts tokens of some sequences, h value heads, dk and dv
# elements of a key and of a value. A sequence's state is [h, dk, dv], and [kernel - 1, channels] of what the convolution
# will see again, the oldest token first.
class DeltaRule(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # q, k and v of rows of x side by side, b and a side by side. x is [q, k, v, z, b, a], or for each key head [q, k, v, z]
  # and then for each [b, a].
  def split(self: __torch__.DeltaRule, x: Tensor, key_heads: int, heads: int, dk: int, dv: int, by_key_head: bool) -> Tuple[Tensor, Tensor]:
    n = torch.size(x, 0)
    keys = key_heads * dk
    values = heads * dv
    gates = torch.slice(x, 1, 2 * keys + 2 * values, 2 * keys + 2 * values + 2 * heads, 1)
    if by_key_head:
      group = torch.floordiv(heads, key_heads)
      y = torch.view(torch.slice(x, 1, 0, 2 * keys + 2 * values, 1), [n, key_heads, 2 * dk + 2 * group * dv])
      q = torch.reshape(torch.slice(y, 2, 0, dk, 1), [n, keys])
      k = torch.reshape(torch.slice(y, 2, dk, 2 * dk, 1), [n, keys])
      v = torch.reshape(torch.slice(y, 2, 2 * dk, 2 * dk + group * dv, 1), [n, values])
      ba = torch.view(gates, [n, key_heads, 2 * group])
      b = torch.reshape(torch.slice(ba, 2, 0, group, 1), [n, heads])
      a = torch.reshape(torch.slice(ba, 2, group, 2 * group, 1), [n, heads])
      qkv = torch.cat([q, k, v], 1)
      gates = torch.cat([b, a], 1)
    else:
      qkv = torch.slice(x, 1, 0, 2 * keys + values, 1)
    return (qkv, gates)

  # silu of the causal convolution of x [n, channels] with filters [channels, kernel]. The tokens of a sequence follow one
  # another behind the last ones before them: row i of x is row tokens[i] of all of these, those before are rows befores, and
  # rows tails are the last ones now.
  def convolve(self: __torch__.DeltaRule, x: Tensor, tokens: Tensor, befores: Tensor, tails: Tensor, filters: Tensor, state: Tensor) -> Tensor:
    channels = torch.size(x, 1)
    before = torch.size(filters, 1) - 1
    rows = torch.size(tokens, 0) + torch.size(befores, 0)
    all = torch.empty([rows, channels], dtype=6, layout=None, device=ops.prim.device(x), pin_memory=False)
    _0 = torch.index_copy_(all, 0, befores, torch.view(state, [-1, channels]))
    _1 = torch.index_copy_(all, 0, tokens, x)
    _2 = torch.copy_(torch.view(state, [-1, channels]), torch.index_select(all, 0, tails))
    y = torch.mul(torch.slice(all, 0, before, rows, 1), torch.select(filters, 1, before))
    for i in range(before):
      _3 = torch.addcmul_(y, torch.slice(all, 0, i, rows - before + i, 1), torch.select(filters, 1, i))
    return torch.silu_(torch.index_select(y, 0, torch.sub(tokens, before)))

  # Some heads of x from column on, each divided by its norm.
  def directions(self: __torch__.DeltaRule, x: Tensor, column: int, heads: int, d: int, scale: float) -> Tensor:
    y = torch.view(torch.slice(x, 1, column, column + heads * d, 1), [torch.size(x, 0), heads, d])
    squares = torch.sum(torch.mul(y, y), [-1], True)
    return torch.mul(y, torch.mul(torch.rsqrt(torch.add(squares, 1e-6)), scale))

  # The next token of each of n sequences, whose states are state [n, h, dk, dv].
  def step(self: __torch__.DeltaRule, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, g: Tensor, state: Tensor) -> Tensor:
    _0 = torch.mul_(state, torch.unsqueeze(torch.unsqueeze(torch.exp(g), -1), -1))
    known = torch.squeeze(torch.matmul(torch.unsqueeze(k, 2), state), 2)
    new = torch.mul(torch.sub(v, known), torch.unsqueeze(beta, -1))
    _1 = torch.addcmul_(state, torch.unsqueeze(k, 3), torch.unsqueeze(new, 2))
    return torch.squeeze(torch.matmul(torch.unsqueeze(q, 2), state), 2)

  # x of (1 + l) x = y, l what is below the diagonal of a [chunks, h, n, n], y [chunks, h, n, d]. Blocks of 16 rows at the
  # diagonal are inverted row by row, all of them at once, and then each block of x follows from those before it: few steps,
  # none of which sums what cancels out. PyTorch's own solver loads a library of half a GiB on a GPU.
  def solved(self: __torch__.DeltaRule, a: Tensor, y: Tensor) -> Tensor:
    n = torch.size(a, -1)
    b = n
    if torch.remainder(n, 16) == 0:
      b = 16
    count = torch.floordiv(n, b)
    blocks = torch.diagonal(torch.view(a, [torch.size(a, 0), torch.size(a, 1), count, b, count, b]), 0, 2, 4)
    inverse = torch.neg(torch.tril(torch.contiguous(torch.permute(blocks, [0, 1, 4, 2, 3])), -1))
    for i in range(1, b):
      row = torch.slice(torch.slice(inverse, 3, i, i + 1, 1), 4, 0, i, 1)
      above = torch.slice(torch.slice(inverse, 3, 0, i, 1), 4, 0, i, 1)
      _0 = torch.add_(row, torch.matmul(row, above))
    x = torch.empty_like(y)
    for i in range(count):
      some = torch.slice(y, 2, i * b, (i + 1) * b, 1)
      if i > 0:
        before = torch.slice(torch.slice(a, 2, i * b, (i + 1) * b, 1), 3, 0, i * b, 1)
        some = torch.sub(some, torch.matmul(before, torch.slice(x, 2, 0, i * b, 1)))
      _1 = torch.copy_(torch.slice(x, 2, i * b, (i + 1) * b, 1), torch.add(some, torch.matmul(torch.select(inverse, 2, i), some)))
    return x

  # Tokens in chunks [chunks, h, tokens of a chunk, d], of steps one after the other: the first steps[0] chunks are the
  # first ones of as many sequences, the next steps[1] the second ones of the first of them, and so on. Within a chunk what
  # each token takes from those before it solves a triangular system, so that there are products of chunks alone.
  def chunks(self: __torch__.DeltaRule, q: Tensor, k: Tensor, v: Tensor, beta: Tensor, g: Tensor, steps: List[int], state: Tensor) -> Tensor:
    sums = torch.cumsum(g, -1)
    decay = torch.tril(torch.exp(torch.tril(torch.sub(torch.unsqueeze(sums, -1), torch.unsqueeze(sums, -2)))))
    column = torch.unsqueeze(beta, -1)
    k_beta = torch.mul(k, column)
    keys = torch.transpose(k, -2, -1)
    mixing = torch.mul_(torch.matmul(k_beta, keys), decay)
    grown = torch.unsqueeze(torch.exp(sums), -1)
    sides = torch.cat([torch.mul(v, column), torch.mul_(k_beta, grown)], -1)
    solved = (self).solved(mixing, sides, )
    dv = torch.size(v, -1)
    values = torch.slice(solved, 3, 0, dv, 1)
    taken = torch.slice(solved, 3, dv, dv + torch.size(k, -1), 1)
    within = torch.mul_(torch.matmul(q, keys), decay)
    reading = torch.mul(q, grown)
    last = torch.slice(sums, 2, torch.size(sums, 2) - 1, torch.size(sums, 2), 1)
    leaving = torch.mul(k, torch.unsqueeze(torch.exp(torch.sub(last, sums)), -1))
    kept = torch.unsqueeze(torch.exp(last), -1)
    y = torch.empty_like(v)
    begin = 0
    for i in range(torch.len(steps)):
      n = steps[i]
      end = begin + n
      s = torch.slice(state, 0, 0, n, 1)
      new = torch.sub(torch.slice(values, 0, begin, end, 1), torch.matmul(torch.slice(taken, 0, begin, end, 1), s))
      z = torch.matmul(torch.slice(reading, 0, begin, end, 1), s)
      _0 = torch.add_(z, torch.matmul(torch.slice(within, 0, begin, end, 1), new))
      _1 = torch.copy_(torch.slice(y, 0, begin, end, 1), z)
      _2 = torch.mul_(s, torch.slice(kept, 0, begin, end, 1))
      _3 = torch.add_(s, torch.matmul(torch.transpose(torch.slice(leaving, 0, begin, end, 1), -2, -1), new))
      begin = end
    return y

  # [tokens of chunks, d] in chunks, [chunks, heads, tokens of a chunk, d of a head], each head as often as it is shared
  def chunked(self: __torch__.DeltaRule, x: Tensor, column: int, chunk: int, heads: int, d: int, shared: int) -> Tensor:
    y = torch.view(torch.slice(x, 1, column, column + heads * d, 1), [-1, chunk, heads, d])
    return torch.repeat_interleave(torch.transpose(y, 1, 2), shared, 1)

  # out[rows] = what the rule reads for rows of x, tokens of sequences whose states are those of slots from first on. With
  # steps, places say where each token is among the chunks; without, each sequence has a single token.
  def recur(self: __torch__.DeltaRule, x: Tensor, rows: Tensor, tokens: Tensor, befores: Tensor, tails: Tensor, places: Tensor, steps: List[int], chunk: int, key_heads: int, heads: int, dk: int, dv: int, scale: float, kernel: int, by_key_head: bool, filters: Tensor, decay: Tensor, shift: Tensor, state: Tensor, convolved: Tensor, first: int, slots: int, out: Tensor) -> int:
    own = torch.slice(state, 0, first, first + slots, 1)
    some = torch.to(torch.index_select(x, 0, rows), 6)
    qkv, gates = (self).split(some, key_heads, heads, dk, dv, by_key_head, )
    qkv = (self).convolve(qkv, tokens, befores, tails, torch.view(filters, [-1, kernel]), torch.slice(convolved, 0, first, first + slots, 1), )
    q = (self).directions(qkv, 0, key_heads, dk, scale, )
    k = (self).directions(qkv, key_heads * dk, key_heads, dk, 1., )
    v = torch.slice(qkv, 1, 2 * key_heads * dk, 2 * key_heads * dk + heads * dv, 1)
    beta = torch.sigmoid(torch.slice(gates, 1, 0, heads, 1))
    a = torch.slice(gates, 1, heads, 2 * heads, 1)
    g = torch.neg(torch.mul(torch.exp(decay), torch.softplus(torch.add(a, shift))))
    n = torch.size(rows, 0)
    group = torch.floordiv(heads, key_heads)
    if torch.len(steps) == 0:
      y = (self).step(torch.repeat_interleave(q, group, 1), torch.repeat_interleave(k, group, 1), torch.view(v, [n, heads, dv]), beta, g, own, )
      y = torch.view(y, [n, heads * dv])
    else:
      chunks = 0
      for i in range(torch.len(steps)):
        chunks = chunks + steps[i]
      flat = torch.cat([torch.view(q, [n, key_heads * dk]), torch.view(k, [n, key_heads * dk]), v, beta, g], 1)
      all = torch.zeros([chunks * chunk, torch.size(flat, 1)], dtype=6, layout=None, device=ops.prim.device(x), pin_memory=False)
      _0 = torch.index_copy_(all, 0, places, flat)
      keys = key_heads * dk
      gate = 2 * keys + heads * dv
      z = (self).chunks((self).chunked(all, 0, chunk, key_heads, dk, group, ), (self).chunked(all, keys, chunk, key_heads, dk, group, ), (self).chunked(all, 2 * keys, chunk, heads, dv, 1, ), torch.squeeze((self).chunked(all, gate, chunk, heads, 1, 1, ), -1), torch.squeeze((self).chunked(all, gate + heads, chunk, heads, 1, 1, ), -1), steps, own, )
      y = torch.index_select(torch.reshape(torch.transpose(z, 1, 2), [chunks * chunk, heads * dv]), 0, places)
    _1 = torch.index_copy_(out, 0, rows, torch.to(y, ops.prim.dtype(out)))
    return 0

  # y[first : first + n] = norm(y) * silu(z), head by head; z is in rows of x as in split
  def gate_normed(self: __torch__.DeltaRule, x: Tensor, first: int, n: int, key_heads: int, heads: int, dk: int, dv: int, by_key_head: bool, weight: Tensor, epsilon: float, y: Tensor) -> int:
    some = torch.slice(x, 0, first, first + n, 1)
    channels = 2 * key_heads * dk + heads * dv
    if by_key_head:
      group = torch.floordiv(heads, key_heads)
      z = torch.view(torch.slice(some, 1, 0, channels + heads * dv, 1), [n, key_heads, 2 * dk + 2 * group * dv])
      z = torch.reshape(torch.slice(z, 2, 2 * dk + group * dv, 2 * dk + 2 * group * dv, 1), [n, heads, dv])
    else:
      z = torch.reshape(torch.slice(some, 1, channels, channels + heads * dv, 1), [n, heads, dv])
    target = torch.view(torch.slice(y, 0, first, first + n, 1), [n, heads, dv])
    exact = torch.to(target, 6)
    squares = torch.mean(torch.mul(exact, exact), [-1], True)
    normed = torch.mul_(torch.mul(exact, torch.rsqrt(torch.add(squares, epsilon))), weight)
    _0 = torch.copy_(target, torch.mul_(normed, torch.silu(torch.to(z, 6))))
    return 0

  # out[first : first + n, : heads * d] = the queries of x, each with a gate behind it
  def take_queries(self: __torch__.DeltaRule, x: Tensor, first: int, n: int, heads: int, d: int, out: Tensor) -> int:
    y = torch.view(torch.slice(x, 0, first, first + n, 1), [n, heads, 2 * d])
    target = torch.slice(torch.slice(out, 0, first, first + n, 1), 1, 0, heads * d, 1)
    _0 = torch.copy_(torch.view(target, [n, heads, d]), torch.slice(y, 2, 0, d, 1))
    return 0

  # y[first : first + n] *= sigmoid of the gates of x, each behind a query
  def gate_heads(self: __torch__.DeltaRule, x: Tensor, first: int, n: int, heads: int, d: int, y: Tensor) -> int:
    gates = torch.slice(torch.view(torch.slice(x, 0, first, first + n, 1), [n, heads, 2 * d]), 2, d, 2 * d, 1)
    target = torch.view(torch.slice(y, 0, first, first + n, 1), [n, heads, d])
    _0 = torch.mul_(target, torch.sigmoid(gates))
    return 0

  # Zeros in rows [first : first + n].
  def clear_rows(self: __torch__.DeltaRule, x: Tensor, first: int, n: int) -> int:
    _0 = torch.zero_(torch.slice(x, 0, first, first + n, 1))
    return 0
