# The kernels, as TorchScript text in the form that torch.jit.save writes. @DEVICE@ is replaced when the module is
# loaded. Shapes are in brackets; n counts the tokens of a micro-batch, whose rows in every stage buffer start at 0.
# A tensor of no elements stands for "none". Matrices are [rows, columns] as in the checkpoint, products are x @ w^T.
class Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def empty(self: __torch__.Kernels, shape: List[int], dtype: int) -> Tensor:
    return torch.empty(shape, dtype=dtype, layout=None, device=torch.device("@DEVICE@"), pin_memory=False)

  def empty_host(self: __torch__.Kernels, shape: List[int], dtype: int, pinned: bool) -> Tensor:
    return torch.empty(shape, dtype=dtype, layout=None, device=torch.device("cpu"), pin_memory=pinned)

  def reshaped(self: __torch__.Kernels, x: Tensor, dtype: int, shape: List[int]) -> Tensor:
    return torch.view(torch.to(x, torch.device("@DEVICE@"), dtype, False, True), shape)

  # [rows, columns] of the compute type from the first bytes of a slot. A slot of a mixed checkpoint holds bytes.
  # Conversion goes through scratch, which has the compute type.
  def weights(self: __torch__.Kernels, slot: Tensor, stored: int, element_bytes: int, rows: int, columns: int, scratch: Tensor) -> Tensor:
    n = rows * columns
    if ops.prim.dtype(slot) == stored:
      w = torch.view(torch.slice(slot, 0, 0, n, 1), [rows, columns])
    else:
      w = torch.view(torch.view_copy(torch.slice(slot, 0, 0, n * element_bytes, 1), dtype=stored), [rows, columns])
    if ops.prim.dtype(scratch) != stored:
      w = torch.copy_(torch.view(torch.slice(scratch, 0, 0, n, 1), [rows, columns]), w)
    return w

  # x[first : first + n] @ w^T. Fewer than least_rows rows are padded with zeros for the product alone, so that a row's
  # result does not depend on how many rows go with it: matrix libraries take other code paths for a few rows.
  def product(self: __torch__.Kernels, x: Tensor, first: int, n: int, w: Tensor, least_rows: int) -> Tensor:
    a = torch.slice(x, 0, first, first + n, 1)
    if n < least_rows:
      y = torch.slice(torch.linear(torch.constant_pad_nd(a, [0, 0, 0, least_rows - n], 0), w), 0, 0, n, 1)
    else:
      y = torch.linear(a, w)
    return y

  # The product of a stage buffer's first n rows with a tile whose first row is row first_row of its matrix.
  def biased_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, bias: Tensor, first_row: int, least_rows: int) -> Tensor:
    y = (self).product(x, 0, n, w, least_rows, )
    if torch.numel(bias) > 0:
      y = torch.add_(y, torch.slice(bias, 0, first_row, first_row + torch.size(w, 0), 1))
    return y

  def block(self: __torch__.Kernels, x: Tensor, first: int, n: int, column: int, columns: int) -> Tensor:
    return torch.slice(torch.slice(x, 0, first, first + n, 1), 1, column, column + columns, 1)

  # out[: n, column : column + rows] = product
  def store_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, bias: Tensor, first_row: int, least_rows: int, out: Tensor, column: int) -> int:
    y = (self).biased_product(x, n, w, bias, first_row, least_rows, )
    _0 = torch.copy_((self).block(out, 0, n, column, torch.size(w, 0), ), y)
    return 0

  # out[: n, first_row : first_row + rows] = silu(product)
  def store_silu_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, bias: Tensor, first_row: int, least_rows: int, out: Tensor) -> int:
    y = (self).biased_product(x, n, w, bias, first_row, least_rows, )
    _0 = torch.copy_((self).block(out, 0, n, first_row, torch.size(w, 0), ), torch.silu_(y))
    return 0

  # out[: n, first_row : first_row + rows] *= product
  def multiply_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, bias: Tensor, first_row: int, least_rows: int, out: Tensor) -> int:
    y = (self).biased_product(x, n, w, bias, first_row, least_rows, )
    _0 = torch.mul_((self).block(out, 0, n, first_row, torch.size(w, 0), ), y)
    return 0

  # out[first : first + n, first_row : first_row + rows] += product
  def add_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, bias: Tensor, first_row: int, least_rows: int, out: Tensor, first: int) -> int:
    y = (self).biased_product(x, n, w, bias, first_row, least_rows, )
    _0 = torch.add_((self).block(out, first, n, first_row, torch.size(w, 0), ), y)
    return 0

  # Root mean square norm over the last dimension, accumulated in float32.
  def rms_norm(self: __torch__.Kernels, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    y = torch.to(x, 6)
    y = torch.mul(y, torch.rsqrt(torch.add(torch.mean(torch.mul(y, y), [-1], True), epsilon)))
    return torch.mul(torch.to(y, ops.prim.dtype(x)), weight)

  # out[: n] = norm(x[first : first + n])
  def norm_rows(self: __torch__.Kernels, x: Tensor, first: int, n: int, weight: Tensor, epsilon: float, out: Tensor) -> int:
    y = (self).rms_norm(torch.slice(x, 0, first, first + n, 1), weight, epsilon, )
    _0 = torch.copy_(torch.slice(out, 0, 0, n, 1), y)
    return 0

  # norm(x[index]): [index, hidden]
  def norm_picked(self: __torch__.Kernels, x: Tensor, index: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return (self).rms_norm(torch.index_select(x, 0, index), weight, epsilon, )

  # x[first : first + n] = the rows that index picks from the embedding rows in staged
  def embed(self: __torch__.Kernels, staged: Tensor, stored: int, element_bytes: int, rows: int, index: Tensor, x: Tensor, first: int) -> int:
    columns = torch.size(x, 1)
    w = torch.slice(staged, 0, 0, rows * columns * element_bytes, 1)
    w = torch.view(torch.view_copy(torch.to(w, torch.device("@DEVICE@"), 0), dtype=stored), [rows, columns])
    _0 = torch.copy_(torch.slice(x, 0, first, first + torch.size(index, 0), 1), torch.index_select(w, 0, index))
    return 0

  # Cosines and sines of position times frequency, side by side: [tokens, headDim] float32
  def rotations(self: __torch__.Kernels, positions: Tensor, frequencies: Tensor, factor: float) -> Tensor:
    angles = torch.mul(torch.unsqueeze(torch.to(positions, 6), 1), torch.unsqueeze(frequencies, 0))
    return torch.mul(torch.cat([torch.cos(angles), torch.sin(angles)], 1), factor)

  # Turns the halves of each head, [n, heads, headDim], by rotations [n, headDim].
  def rotate(self: __torch__.Kernels, x: Tensor, rotations: Tensor) -> Tensor:
    half = torch.floordiv(torch.size(x, 2), 2)
    cos = torch.unsqueeze(torch.slice(rotations, 1, 0, half, 1), 1)
    sin = torch.unsqueeze(torch.slice(rotations, 1, half, half * 2, 1), 1)
    a = torch.slice(x, 2, 0, half, 1)
    b = torch.slice(x, 2, half, half * 2, 1)
    y = torch.cat([torch.sub(torch.mul(a, cos), torch.mul(b, sin)), torch.add(torch.mul(b, cos), torch.mul(a, sin))], 2)
    return torch.to(y, ops.prim.dtype(x))

  # Takes queries, keys and values of n tokens from qkv [n, (heads + 2 kvHeads) headDim], norms and rotates queries and
  # keys, writes keys and values to the pool's slots [tokens, kvHeads, headDim], and returns queries [n, heads, headDim].
  def enter_pool(self: __torch__.Kernels, qkv: Tensor, n: int, first: int, heads: int, rotations: Tensor, query_norm: Tensor, key_norm: Tensor, epsilon: float, slots: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    kv_heads = torch.size(keys, 1)
    d = torch.size(keys, 2)
    q = torch.view(torch.contiguous((self).block(qkv, 0, n, 0, heads * d, )), [n, heads, d])
    k = torch.view(torch.contiguous((self).block(qkv, 0, n, heads * d, kv_heads * d, )), [n, kv_heads, d])
    v = torch.view(torch.contiguous((self).block(qkv, 0, n, (heads + kv_heads) * d, kv_heads * d, )), [n, kv_heads, d])
    if torch.numel(query_norm) > 0:
      q = (self).rms_norm(q, query_norm, epsilon, )
      k = (self).rms_norm(k, key_norm, epsilon, )
    r = torch.slice(rotations, 0, first, first + n, 1)
    into = torch.slice(slots, 0, first, first + n, 1)
    _0 = torch.index_copy_(keys, 0, into, (self).rotate(k, r, ))
    _1 = torch.index_copy_(values, 0, into, v)
    return (self).rotate(q, r, )

  # Causal attention of ragged segments. Segment i is counts[i] query rows from rows[i] on, the last of the lengths[i]
  # tokens whose keys and values start at extents[i] in the pool. A window of w lets a token see itself and w - 1 before.
  def move_rows(self: __torch__.Kernels, x: Tensor, first: int, to: int, n: int) -> int:
    _0 = torch.copy_(torch.slice(x, 0, to, to + n, 1), torch.slice(x, 0, first, first + n, 1))
    return n

  def attend(self: __torch__.Kernels, q: Tensor, keys: Tensor, values: Tensor, rows: List[int], counts: List[int], extents: List[int], lengths: List[int], window: int, scale: float, out: Tensor) -> int:
    heads = torch.size(q, 1)
    kv_heads = torch.size(keys, 1)
    d = torch.size(q, 2)
    for i in range(torch.len(rows)):
      row = rows[i]
      count = counts[i]
      length = lengths[i]
      skipped = 0
      if window > 0:
        skipped = ops.prim.max(0, length - count - window + 1)
      begin = extents[i] + skipped
      end = extents[i] + length
      k = torch.unsqueeze(torch.transpose(torch.slice(keys, 0, begin, end, 1), 0, 1), 0)
      v = torch.unsqueeze(torch.transpose(torch.slice(values, 0, begin, end, 1), 0, 1), 0)
      x = torch.slice(q, 0, row, row + count, 1)
      if count == 1:
        y = torch.scaled_dot_product_attention(torch.view(x, [1, kv_heads, torch.floordiv(heads, kv_heads), d]), k, v, None, 0., False, scale=scale)
        y = torch.reshape(y, [1, heads * d])
      else:
        # The query heads that share a key head become rows of that head: no key or value is copied for them.
        group = torch.floordiv(heads, kv_heads)
        x = torch.permute(torch.view(x, [count, kv_heads, group, d]), [1, 0, 2, 3])
        x = torch.reshape(x, [1, kv_heads, count * group, d])
        query = torch.unsqueeze(torch.arange(length - count, length, dtype=4, layout=None, device=ops.prim.device(q), pin_memory=False), 1)
        key = torch.unsqueeze(torch.arange(skipped, length, dtype=4, layout=None, device=ops.prim.device(q), pin_memory=False), 0)
        mask = torch.le(key, query)
        if window > 0:
          mask = torch.logical_and(mask, torch.gt(key, torch.sub(query, window)))
        mask = torch.repeat_interleave(mask, group, 0)
        y = torch.scaled_dot_product_attention(x, k, v, mask, 0., False, scale=scale)
        y = torch.permute(torch.view(torch.contiguous(y), [kv_heads, count, group, d]), [1, 0, 2, 3])
        y = torch.reshape(y, [count, heads * d])
      _0 = torch.copy_(torch.slice(out, 0, row, row + count, 1), y)
    return 0

  # Logits of rows [first : first + n] of x for the vocabulary's tokens from first_token on. Keeps each row's two best
  # logits and their tokens, and copies the logits of rows below logit_rows to logits [rows, vocabulary] on the host.
  def head(self: __torch__.Kernels, x: Tensor, first: int, n: int, w: Tensor, least_rows: int, first_token: int, best: Tensor, tokens: Tensor, logits: Tensor, logit_rows: int) -> int:
    y = torch.to((self).product(x, first, n, w, least_rows, ), 6)
    columns = torch.size(w, 0)
    kept = torch.slice(best, 0, first, first + n, 1)
    kept_tokens = torch.slice(tokens, 0, first, first + n, 1)
    v, i = torch.topk(y, ops.prim.min(2, columns), 1, True, True)
    v, order = torch.topk(torch.cat([kept, v], 1), 2, 1, True, True)
    i = torch.gather(torch.cat([kept_tokens, torch.add(i, first_token)], 1), 1, order)
    _0 = torch.copy_(kept, v)
    _1 = torch.copy_(kept_tokens, i)
    full = ops.prim.min(n, logit_rows - first)
    if full > 0:
      _2 = torch.copy_((self).block(logits, first, full, first_token, columns, ), torch.slice(y, 0, 0, full, 1))
    return 0
