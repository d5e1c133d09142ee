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

  # All of x, converted, to a tensor of as many elements wherever it is; waits where only one of them is on the host.
  def copy_all(self: __torch__.Kernels, x: Tensor, target: Tensor) -> int:
    _0 = torch.copy_(torch.view(target, [-1]), torch.view(x, [-1]))
    return 0

  # [rows, columns] of the stored type from a slot's bytes on from begin. A slot of a mixed checkpoint holds bytes: elements
  # of several are copied, since they may lie anywhere.
  def weights(self: __torch__.Kernels, slot: Tensor, begin: int, stored: int, element_bytes: int, rows: int, columns: int) -> Tensor:
    n = rows * columns
    if ops.prim.dtype(slot) == stored:
      first = torch.floordiv(begin, element_bytes)
      w = torch.slice(slot, 0, first, first + n, 1)
    elif element_bytes == 1:
      w = torch.view_copy(torch.slice(slot, 0, begin, begin + n, 1), dtype=stored)
    else:
      w = torch.view_copy(torch.clone(torch.slice(slot, 0, begin, begin + n * element_bytes, 1)), dtype=stored)
    return torch.view(w, [rows, columns])

  # The same, converted to the type of scratch, which they fill from row first on.
  def convert(self: __torch__.Kernels, slot: Tensor, begin: int, stored: int, element_bytes: int, rows: int, columns: int, scratch: Tensor, first: int) -> int:
    target = torch.view(torch.slice(scratch, 0, first * columns, (first + rows) * columns, 1), [rows, columns])
    _0 = torch.copy_(target, (self).weights(slot, begin, stored, element_bytes, rows, columns, ))
    return 0

  # Rows of scratch from first on: codes times scales, of which each is for block_rows * block_columns of them. The first
  # row is row skipped of the first row of blocks.
  def scale_weights(self: __torch__.Kernels, slot: Tensor, begin: int, stored: int, element_bytes: int, rows: int, columns: int, scales_begin: int, scales_stored: int, scale_bytes: int, scale_rows: int, scale_columns: int, block_rows: int, block_columns: int, skipped: int, scratch: Tensor, first: int) -> int:
    _0 = (self).convert(slot, begin, stored, element_bytes, rows, columns, scratch, first, )
    target = torch.view(torch.slice(scratch, 0, first * columns, (first + rows) * columns, 1), [rows, columns])
    scales = torch.to((self).weights(slot, scales_begin, scales_stored, scale_bytes, scale_rows, scale_columns, ), 6)
    if scale_columns > 1:
      scales = torch.slice(torch.repeat_interleave(scales, block_columns, 1), 1, 0, columns, 1)
    block = torch.floordiv(skipped, block_rows)
    begun = skipped - block * block_rows
    done = 0
    if begun > 0:
      done = ops.prim.min(rows, block_rows - begun)
      _1 = torch.mul_(torch.slice(target, 0, 0, done, 1), torch.slice(scales, 0, block, block + 1, 1))
      block = block + 1
    whole = torch.floordiv(rows - done, block_rows)
    if whole > 0:
      some = torch.view(torch.slice(target, 0, done, done + whole * block_rows, 1), [whole, block_rows, columns])
      _2 = torch.mul_(some, torch.unsqueeze(torch.slice(scales, 0, block, block + whole, 1), 1))
      done = done + whole * block_rows
      block = block + whole
    if done < rows:
      _3 = torch.mul_(torch.slice(target, 0, done, rows, 1), torch.slice(scales, 0, block, block + 1, 1))
    return 0

  # pairs [512] = what the lower and the upper half of each byte stand for in MXFP4
  def fp4_pairs(self: __torch__.Kernels, pairs: Tensor) -> int:
    v = torch.tensor([0., 0.5, 1., 1.5, 2., 3., 4., 6., -0., -0.5, -1., -1.5, -2., -3., -4., -6.], dtype=6, device=torch.device("@DEVICE@"))
    _0 = torch.copy_(torch.view(pairs, [256, 2]), torch.stack([torch.repeat(v, [16]), torch.repeat_interleave(v, 16, 0)], 1))
    return 0

  # What is in x's own memory from begin on, seen as another type, whose elements begin counts
  def as_type(self: __torch__.Kernels, x: Tensor, type: int, begin: int, shape: List[int]) -> Tensor:
    flat = [1]
    for size in range(torch.len(shape)):
      flat[0] = torch.mul(flat[0], shape[size])
    all = torch.set_(torch.empty([0], dtype=type, layout=None, device=ops.prim.device(x), pin_memory=False), x, begin, flat, [1])
    return torch.view(all, shape)

  # Rows of scratch from first on: two elements from each byte, times a power of two for each 32. A pair is looked up as one
  # whole number of type pair. What nobody is seen to use is left out, so that the result has to come of it.
  def unpack_weights(self: __torch__.Kernels, slot: Tensor, begin: int, rows: int, columns: int, scales_begin: int, pairs: Tensor, pair: int, scratch: Tensor, first: int) -> int:
    n = rows * torch.floordiv(columns, 2)
    codes = torch.to(torch.slice(slot, 0, begin, begin + n, 1), 3)
    table = (self).as_type(pairs, pair, 0, [256], )
    target = (self).as_type(scratch, pair, torch.floordiv(first * columns, 2), [n], )
    found = torch.index_select(table, 0, codes, out=target)
    groups = torch.floordiv(columns, 32)
    exponents = torch.to(torch.slice(slot, 0, scales_begin, scales_begin + rows * groups, 1), 3)
    scales = torch.view_copy(torch.bitwise_left_shift(exponents, 23), dtype=6)
    some = torch.view(torch.slice(scratch, 0, first * columns, (first + rows) * columns, 1), [rows * groups, 32])
    _0 = torch.mul_(some, torch.view(scales, [-1, 1]))
    return torch.size(found, 0)

  # Matrices of experts in a ring of bytes: scratch [n, rows, columns] = codes times scales, of which each is for a block of block_rows
  # * block_columns of them. Bytes at begin and at scales_begin are the first one's; each is stride bytes behind the one before.
  def scale_experts(self: __torch__.Kernels, ring: Tensor, begin: int, stored: int, element_bytes: int, scales_begin: int, scales_stored: int, scale_bytes: int, stride: int, n: int, rows: int, columns: int, block_rows: int, block_columns: int, scratch: Tensor) -> int:
    device = ops.prim.device(ring)
    r = torch.floordiv(rows, block_rows)
    c = torch.floordiv(columns, block_columns)
    codes = torch.set_(torch.empty([0], dtype=stored, layout=None, device=device, pin_memory=False), ring, torch.floordiv(begin, element_bytes), [n, rows * columns], [torch.floordiv(stride, element_bytes), 1])
    scales = torch.set_(torch.empty([0], dtype=scales_stored, layout=None, device=device, pin_memory=False), ring, torch.floordiv(scales_begin, scale_bytes), [n, r, 1, c, 1], [torch.floordiv(stride, scale_bytes), c, 1, 1, 1])
    target = torch.slice(scratch, 0, 0, n * rows * columns, 1)
    _0 = torch.copy_(torch.view(target, [n, rows * columns]), codes)
    _1 = torch.mul_(torch.view(target, [n, r, block_rows, c, block_columns]), torch.to(scales, 6))
    return 0

  # A view of the first elements of a buffer as a matrix.
  def matrix(self: __torch__.Kernels, x: Tensor, rows: int, columns: int) -> Tensor:
    return torch.view(torch.slice(torch.view(x, [-1]), 0, 0, rows * columns, 1), [rows, columns])

  # A view of the first n elements in another shape.
  def seen(self: __torch__.Kernels, x: Tensor, n: int, shape: List[int]) -> Tensor:
    return torch.view(torch.slice(torch.view(x, [-1]), 0, 0, n, 1), shape)

  # A view of the first dimension's elements from begin to end.
  def part(self: __torch__.Kernels, x: Tensor, begin: int, end: int) -> Tensor:
    return torch.slice(x, 0, begin, end, 1)

  # target[to : to + n] = source[begin : begin + n], without waiting where one of them is pinned.
  def copy_part(self: __torch__.Kernels, source: Tensor, begin: int, n: int, target: Tensor, to: int) -> int:
    _0 = torch.copy_(torch.slice(target, 0, to, to + n, 1), torch.slice(source, 0, begin, begin + n, 1), True)
    return 0

  # The same for several runs.
  def copy_parts(self: __torch__.Kernels, source: Tensor, begins: List[int], counts: List[int], target: Tensor, to: List[int]) -> int:
    for i in range(torch.len(begins)):
      _0 = torch.copy_(torch.slice(target, 0, to[i], to[i] + counts[i], 1), torch.slice(source, 0, begins[i], begins[i] + counts[i], 1), True)
    return 0

  # The same for elements, whatever the shapes.
  def copy_flat(self: __torch__.Kernels, source: Tensor, begin: int, n: int, target: Tensor, to: int) -> int:
    return (self).copy_part(torch.view(source, [-1]), begin, n, torch.view(target, [-1]), to, )

  # target = x[first : first + n] @ w[begin : end]^T, or += where accumulate. Where piece has elements, the product is one
  # of float32 numbers, to which both are converted as far as they are not: rows of x some at a time, w in pieces. Where w
  # has none, x is the product already, of whose columns those from begin to end are taken.
  def product(self: __torch__.Kernels, x: Tensor, first: int, n: int, w: Tensor, begin: int, end: int, least_rows: int, piece: Tensor, accumulate: bool, target: Tensor) -> int:
    v = torch.slice(w, 0, begin, end, 1)
    if torch.numel(w) == 0:
      y = (self).block(x, first, n, begin, end - begin, )
      if accumulate:
        _2 = torch.add_(target, y)
      else:
        _3 = torch.copy_(target, y)
    elif torch.numel(piece) == 0:
      _0 = (self).few_or_many(torch.slice(x, 0, first, first + n, 1), v, least_rows, piece, accumulate, target, )
    else:
      at_once = 256
      for i in range(torch.floordiv(n + at_once - 1, at_once)):
        some = i * at_once
        count = ops.prim.min(at_once, n - some)
        a = torch.to(torch.slice(x, 0, first + some, first + some + count, 1), 6)
        _1 = (self).few_or_many(a, v, least_rows, piece, accumulate, torch.slice(target, 0, some, some + count, 1), )
    return 0

  # Matrix libraries take other code paths for a few rows. So that a row's result does not depend on how many rows go with
  # it, fewer than least_rows are padded with zeros for the product alone. With weights that are converted, up to four rows
  # are multiplied one by one instead, as fast as memory is read.
  def few_or_many(self: __torch__.Kernels, a: Tensor, w: Tensor, least_rows: int, piece: Tensor, accumulate: bool, target: Tensor) -> int:
    n = torch.size(a, 0)
    single = n <= 4 and torch.numel(piece) > 0
    rows = n
    if n < least_rows and not single:
      a = torch.constant_pad_nd(a, [0, 0, 0, least_rows - n], 0)
      rows = least_rows
    if rows > n or ops.prim.dtype(target) != ops.prim.dtype(a):
      y = torch.empty([rows, torch.size(w, 0)], dtype=ops.prim.dtype(a), layout=None, device=ops.prim.device(a), pin_memory=False)
      _0 = (self).piecewise(a, w, single, piece, False, y, )
      y = torch.slice(y, 0, 0, n, 1)
      if accumulate:
        _1 = torch.add_(target, y)
      else:
        _2 = torch.copy_(target, y)
    else:
      _3 = (self).piecewise(a, w, single, piece, accumulate, target, )
    return 0

  # The rows of w that piece holds are converted just before they are used, and are still in the processor's caches then.
  # Behind them is room for their product, which is made transposed unless it is a single row's: matrix libraries then bring
  # the few rows of a into the order they multiply in, and not the many of w.
  def piecewise(self: __torch__.Kernels, a: Tensor, w: Tensor, single: bool, piece: Tensor, accumulate: bool, target: Tensor) -> int:
    if ops.prim.dtype(w) == ops.prim.dtype(a):
      _0 = (self).multiply(a, w, single, accumulate, target, )
    else:
      columns = torch.size(w, 1)
      behind = 0
      if not single:
        behind = torch.size(a, 0)
      scratch = piece
      if columns + behind > torch.numel(piece):
        scratch = torch.empty([columns + behind], dtype=6, layout=None, device=ops.prim.device(w), pin_memory=False)
      most = torch.floordiv(torch.numel(scratch), columns + behind)
      if most >= 16:
        most = torch.floordiv(most, 16) * 16
      most = ops.prim.min(most, torch.size(w, 0))
      whole = torch.view(torch.slice(scratch, 0, 0, most * columns, 1), [most, columns])
      products = torch.view(torch.slice(scratch, 0, most * columns, most * (columns + behind), 1), [most, behind])
      parts = torch.split(w, most, 0)
      targets = torch.split(target, most, 1)
      for i in range(torch.len(parts)):
        part = parts[i]
        converted = whole
        product = products
        if torch.size(part, 0) < most:
          converted = torch.slice(whole, 0, 0, torch.size(part, 0), 1)
          product = torch.slice(products, 0, 0, torch.size(part, 0), 1)
        _1 = torch.copy_(converted, part)
        if single:
          _2 = (self).multiply(a, converted, True, accumulate, targets[i], )
        else:
          _3 = torch.mm(converted, torch.t(a), out=product)
          if accumulate:
            _4 = torch.add_(targets[i], torch.t(product))
          else:
            _5 = torch.copy_(targets[i], torch.t(product))
    return 0

  def multiply(self: __torch__.Kernels, a: Tensor, w: Tensor, single: bool, accumulate: bool, target: Tensor) -> int:
    if single:
      for row in range(torch.size(a, 0)):
        if accumulate:
          _0 = torch.addmv_(torch.select(target, 0, row), w, torch.select(a, 0, row))
        else:
          _1 = torch.mv(w, torch.select(a, 0, row), out=torch.select(target, 0, row))
    elif accumulate:
      _2 = torch.addmm_(target, a, torch.t(w))
    else:
      _3 = torch.mm(a, torch.t(w), out=target)
    return 0

  # The product of a stage buffer's first n rows with rows of a tile whose first row is row first_row of its matrix.
  def biased_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, piece: Tensor, accumulate: bool, target: Tensor) -> int:
    _0 = (self).product(x, 0, n, w, begin, end, least_rows, piece, accumulate, target, )
    if torch.numel(bias) > 0:
      _1 = torch.add_(target, torch.slice(bias, 0, first_row + begin, first_row + end, 1))
    return 0

  def block(self: __torch__.Kernels, x: Tensor, first: int, n: int, column: int, columns: int) -> Tensor:
    return torch.slice(torch.slice(x, 0, first, first + n, 1), 1, column, column + columns, 1)

  # The four products below take the rows of a tile from begin to end.
  # out[: n, column : column + rows] = product
  def store_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, piece: Tensor, out: Tensor, column: int) -> int:
    target = (self).block(out, 0, n, column + begin, end - begin, )
    return (self).biased_product(x, n, w, begin, end, bias, first_row, least_rows, piece, False, target, )

  # out[: n, first_row : first_row + rows] = silu(product)
  def store_silu_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, piece: Tensor, out: Tensor) -> int:
    target = (self).block(out, 0, n, first_row + begin, end - begin, )
    _0 = (self).biased_product(x, n, w, begin, end, bias, first_row, least_rows, piece, False, target, )
    _1 = torch.silu_(target)
    return 0

  # out[: n, first_row : first_row + rows] = gelu(product), with the tangent's approximation
  def store_gelu_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, piece: Tensor, out: Tensor) -> int:
    target = (self).block(out, 0, n, first_row + begin, end - begin, )
    _0 = (self).biased_product(x, n, w, begin, end, bias, first_row, least_rows, piece, False, target, )
    _1 = torch.gelu_(target, approximate="tanh")
    return 0

  # out[: n, first_row : first_row + rows] *= product
  def multiply_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, piece: Tensor, out: Tensor) -> int:
    y = torch.empty([n, end - begin], dtype=ops.prim.dtype(out), layout=None, device=ops.prim.device(out), pin_memory=False)
    _0 = (self).biased_product(x, n, w, begin, end, bias, first_row, least_rows, piece, False, y, )
    _1 = torch.mul_((self).block(out, 0, n, first_row + begin, end - begin, ), y)
    return 0

  # out[first : first + n, first_row : first_row + rows] += product, inside the product where types and rows allow
  def add_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, piece: Tensor, out: Tensor, first: int) -> int:
    target = (self).block(out, first, n, first_row + begin, end - begin, )
    return (self).biased_product(x, n, w, begin, end, bias, first_row, least_rows, piece, True, target, )

  # Root mean square norm over the last dimension, accumulated in float32, into out, which may have another type. Where the
  # weight is of another type than out, float32, all is multiplied before it is rounded. Without a weight nothing is multiplied.
  def rms_norm(self: __torch__.Kernels, x: Tensor, weight: Tensor, epsilon: float, out: Tensor) -> int:
    squares = torch.pow(torch.linalg_vector_norm(x, 2, [-1], True, dtype=6), 2)
    scale = torch.rsqrt(torch.add(torch.div(squares, torch.size(x, -1)), epsilon))
    if torch.numel(weight) == 0:
      _0 = torch.mul(x, scale, out=out)
    elif ops.prim.dtype(weight) == ops.prim.dtype(out):
      _1 = torch.mul(x, scale, out=out)
      _2 = torch.mul_(out, weight)
    else:
      _3 = torch.copy_(out, torch.mul_(torch.mul(torch.to(x, 6), scale), weight))
    return 0

  # out[to : to + n] = norm(x[first : first + n]), or just x without a weight
  def norm_rows(self: __torch__.Kernels, x: Tensor, first: int, n: int, weight: Tensor, epsilon: float, out: Tensor, to: int) -> int:
    some = torch.slice(x, 0, first, first + n, 1)
    target = torch.slice(out, 0, to, to + n, 1)
    if torch.numel(weight) > 0:
      _0 = (self).rms_norm(some, weight, epsilon, target, )
    else:
      _1 = torch.copy_(target, some)
    return 0

  # out[to : to + n] += scale * norm(x[first : first + n]), without a weight of x itself; x is overwritten
  def add_rows(self: __torch__.Kernels, x: Tensor, first: int, n: int, weight: Tensor, epsilon: float, scale: float, out: Tensor, to: int) -> int:
    some = torch.slice(x, 0, first, first + n, 1)
    if torch.numel(weight) > 0:
      _0 = (self).rms_norm(some, weight, epsilon, some, )
    _1 = torch.add_(torch.slice(out, 0, to, to + n, 1), some, alpha=scale)
    return 0

  # out[: n] = x[: n, : rows] @ w + bias for the first tile of a transposed matrix, out[: n] += x[: n, first_row : first_row +
  # rows] @ w for the others; w [rows, columns], of which those from begin to end. On a CPU rows are padded as in few_or_many,
  # and rows of w converted some at a time.
  def transposed_product(self: __torch__.Kernels, x: Tensor, n: int, w: Tensor, begin: int, end: int, bias: Tensor, first_row: int, least_rows: int, at_once: int, out: Tensor) -> int:
    rows = torch.size(w, 0)
    a = (self).block(x, 0, n, first_row, rows, )
    v = (self).block(w, 0, rows, begin, end - begin, )
    target = (self).block(out, 0, n, begin, end - begin, )
    if n >= least_rows and ops.prim.dtype(w) == ops.prim.dtype(a):
      if first_row > 0:
        _0 = torch.addmm_(target, a, v)
      else:
        _1 = torch.mm(a, v, out=target)
    else:
      type = 6
      if ops.prim.dtype(w) == ops.prim.dtype(a):
        type = ops.prim.dtype(a)
      if n < least_rows:
        a = torch.constant_pad_nd(a, [0, 0, 0, least_rows - n], 0)
      y = torch.zeros([torch.size(a, 0), end - begin], dtype=type, layout=None, device=ops.prim.device(out), pin_memory=False)
      for i in range(torch.floordiv(rows + at_once - 1, at_once)):
        some = i * at_once
        until = ops.prim.min(some + at_once, rows)
        _2 = torch.addmm_(y, torch.to(torch.slice(a, 1, some, until, 1), type), torch.to(torch.slice(v, 0, some, until, 1), type))
      z = torch.slice(y, 0, 0, n, 1)
      if first_row > 0:
        _3 = torch.add_(target, z)
      else:
        _4 = torch.copy_(target, z)
    if first_row == 0 and torch.numel(bias) > 0:
      _5 = torch.add_(target, torch.slice(bias, 0, begin, end, 1))
    return 0

  # qkv[row] = [rotated, zeros] of each head of q[row], [plain, rotated] each, for rows from first on
  def latent_queries(self: __torch__.Kernels, q: Tensor, first: int, n: int, heads: int, plain: int, rotated: int, latent: int, qkv: Tensor) -> int:
    x = torch.view((self).block(q, first, n, 0, heads * (plain + rotated), ), [n, heads, plain + rotated])
    y = torch.view((self).block(qkv, first, n, 0, heads * (rotated + latent), ), [n, heads, rotated + latent])
    _0 = torch.copy_(torch.slice(y, 2, 0, rotated, 1), torch.slice(x, 2, plain, plain + rotated, 1))
    _1 = torch.zero_(torch.slice(y, 2, rotated, rotated + latent, 1))
    return 0

  # Behind the heads, twice: [rotated, norm(latent)] of x[row], [latent, rotated]
  def latent_key(self: __torch__.Kernels, x: Tensor, first: int, n: int, heads: int, rotated: int, latent: int, norm: Tensor, epsilon: float, qkv: Tensor) -> int:
    d = rotated + latent
    key = (self).block(qkv, first, n, heads * d, d, )
    _0 = torch.copy_(torch.slice(key, 1, 0, rotated, 1), (self).block(x, first, n, latent, rotated, ))
    _1 = (self).rms_norm((self).block(x, first, n, 0, latent, ), norm, epsilon, torch.slice(key, 1, rotated, d, 1), )
    _2 = torch.copy_((self).block(qkv, first, n, heads * d + d, d, ), key)
    return 0

  # x @ w, or x @ w^T where turned, in x's type or float32 where w has another one
  def small_product(self: __torch__.Kernels, x: Tensor, w: Tensor, turned: bool, least_rows: int) -> Tensor:
    n = torch.size(x, 0)
    type = ops.prim.dtype(x)
    if ops.prim.dtype(w) != type:
      type = 6
    a = torch.to(x, type)
    if n < least_rows:
      a = torch.constant_pad_nd(a, [0, 0, 0, least_rows - n], 0)
    v = torch.to(w, type)
    if turned:
      v = torch.t(v)
    return torch.slice(torch.mm(a, v), 0, 0, n, 1)

  # out[: n, head, rotated :] += q[: n, head, part of plain] @ rows of a tile of [plain, value] rows for each head
  def latent_query_product(self: __torch__.Kernels, q: Tensor, n: int, plain: int, rotated: int, value: int, latent: int, w: Tensor, first_row: int, least_rows: int, out: Tensor) -> int:
    rows = torch.size(w, 0)
    size = plain + value
    for head in range(torch.floordiv(first_row, size), torch.floordiv(first_row + rows - 1, size) + 1):
      begin = ops.prim.max(head * size, first_row)
      end = ops.prim.min(head * size + plain, first_row + rows)
      if end > begin:
        x = (self).block(q, 0, n, head * (plain + rotated) + begin - head * size, end - begin, )
        y = (self).small_product(x, torch.slice(w, 0, begin - first_row, end - first_row, 1), False, least_rows, )
        _0 = torch.add_((self).block(out, 0, n, head * (rotated + latent) + rotated, latent, ), y)
    return 0

  # out[: n, head, part of value] = x[: n, head, rotated :] @ rows^T of a tile of [plain, value] rows for each head
  def latent_value_product(self: __torch__.Kernels, x: Tensor, n: int, plain: int, rotated: int, value: int, latent: int, w: Tensor, first_row: int, least_rows: int, out: Tensor) -> int:
    rows = torch.size(w, 0)
    size = plain + value
    for head in range(torch.floordiv(first_row, size), torch.floordiv(first_row + rows - 1, size) + 1):
      begin = ops.prim.max(head * size + plain, first_row)
      end = ops.prim.min((head + 1) * size, first_row + rows)
      if end > begin:
        a = (self).block(x, 0, n, head * (rotated + latent) + rotated, latent, )
        y = (self).small_product(a, torch.slice(w, 0, begin - first_row, end - first_row, 1), True, least_rows, )
        _0 = torch.copy_((self).block(out, 0, n, head * value + begin - head * size - plain, end - begin, ), y)
    return 0

  # y[first : first + n] *= sigmoid(s[first : first + n]), [n, 1]
  def weigh_rows(self: __torch__.Kernels, s: Tensor, first: int, n: int, y: Tensor) -> int:
    _0 = torch.mul_(torch.slice(y, 0, first, first + n, 1), torch.sigmoid(torch.slice(s, 0, first, first + n, 1)))
    return 0

  # out[first : first + n] = (up + 1) * gate * sigmoid(alpha * gate); gate and up are columns of x by turns
  def clamp_gates(self: __torch__.Kernels, x: Tensor, first: int, n: int, alpha: float, limit: float, out: Tensor) -> int:
    some = torch.slice(x, 0, first, first + n, 1)
    gate = torch.clamp_max(torch.slice(some, 1, 0, 9223372036854775807, 2), limit)
    up = torch.clamp(torch.slice(some, 1, 1, 9223372036854775807, 2), -limit, limit)
    y = torch.mul_(torch.sigmoid(torch.mul(gate, alpha)), gate)
    _0 = torch.mul(y, torch.add_(up, 1.), out=torch.slice(out, 0, first, first + n, 1))
    return 0

  # Rows [begin : begin + n] of x [tokens, experts] are a router's products for tokens from row first on of experts and
  # weights [tokens, at least chosen]. Scores are their softmax (0), their sigmoids (1) or they themselves (2).
  def route(self: __torch__.Kernels, x: Tensor, begin: int, n: int, chosen: int, factor: float, scoring: int, correction: Tensor, groups: int, groups_chosen: int, normalised: bool, scale: float, expert_scales: Tensor, experts: Tensor, weights: Tensor, first: int) -> int:
    scores = torch.to(torch.slice(x, 0, begin, begin + n, 1), 6)
    if factor != 1.:
      scores = torch.mul(scores, factor)
    if scoring == 0:
      scores = torch.softmax(scores, -1)
    elif scoring == 1:
      scores = torch.sigmoid(scores)
    choice = scores
    if torch.numel(correction) > 0:
      choice = torch.add(scores, correction)
    if groups > 1:
      count = torch.size(x, 1)
      size = torch.floordiv(count, groups)
      grouped = torch.view(choice, [n, groups, size])
      two, _0 = torch.topk(grouped, 2, -1)
      _1, best = torch.topk(torch.sum(two, [-1]), groups_chosen, -1)
      taken = torch.scatter(torch.zeros([n, groups], dtype=6, layout=None, device=ops.prim.device(x), pin_memory=False), 1, best, 1.)
      left = torch.expand(torch.unsqueeze(torch.eq(taken, 0), -1), [n, groups, size])
      choice = torch.view(torch.masked_fill(grouped, left, 0.), [n, count])
    _2, i = torch.topk(choice, chosen, -1)
    w = torch.gather(scores, 1, i)
    if scoring == 2:
      w = torch.softmax(w, -1)
    if normalised:
      w = torch.div(w, torch.add(torch.sum(w, [-1], True), 1e-20))
    if torch.numel(expert_scales) > 0:
      w = torch.mul(w, torch.take(expert_scales, i))
    _3 = torch.copy_((self).block(experts, first, n, 0, chosen, ), i)
    _4 = torch.copy_((self).block(weights, first, n, 0, chosen, ), torch.mul(w, scale))
    return 0

  # order[first * most :] = what tokens from first on chose, each token * most + the place among its choices, by expert, then by
  # token; begins[block] [experts + 1] = where each expert's begin among them.
  def sort_choices(self: __torch__.Kernels, chosen_experts: Tensor, first: int, n: int, chosen: int, order: Tensor, begins: Tensor, block: int) -> int:
    most = torch.size(chosen_experts, 1)
    flat = torch.reshape((self).block(chosen_experts, first, n, 0, chosen, ), [-1])
    sorted, i = torch.sort(flat, stable=True, dim=0, descending=False)
    if chosen < most:
      token = torch.div(i, chosen, rounding_mode="floor")
      i = torch.add(torch.mul(token, most - chosen), i)
    at = first * most
    _0 = torch.add(i, at, out=torch.slice(order, 0, at, at + n * chosen, 1))
    edges = torch.arange(torch.size(begins, 1), dtype=4, layout=None, device=ops.prim.device(order), pin_memory=False)
    _1 = torch.copy_(torch.slice(begins, 0, block, block + 1, 1), torch.unsqueeze(torch.searchsorted(sorted, edges), 0))
    return 0

  # The rows, from row on for the token first, of tokens whose choices are order[begin : begin + n], each token * most + the
  # place among its choices.
  def rows_of(self: __torch__.Kernels, order: Tensor, begin: int, n: int, most: int, first: int, row: int) -> Tensor:
    return (self).rows_of_choices(torch.slice(order, 0, begin, begin + n, 1), most, first, row, )

  # out[to : to + n] = x of these rows
  def gather_rows(self: __torch__.Kernels, x: Tensor, order: Tensor, begin: int, n: int, most: int, first: int, row: int, out: Tensor, to: int) -> int:
    _0 = torch.index_select(x, 0, (self).rows_of(order, begin, n, most, first, row, ), out=torch.slice(out, 0, to, to + n, 1))
    return 0

  # x of these rows += weight * y[from : from + n]; a token chooses an expert once, so that no row is there twice
  def combine_rows(self: __torch__.Kernels, y: Tensor, start: int, n: int, order: Tensor, begin: int, most: int, first: int, row: int, weights: Tensor, x: Tensor) -> int:
    w = torch.index_select(torch.view(weights, [-1]), 0, torch.slice(order, 0, begin, begin + n, 1))
    z = torch.to(torch.mul(torch.slice(y, 0, start, start + n, 1), torch.unsqueeze(w, 1)), ops.prim.dtype(x))
    i = (self).rows_of(order, begin, n, most, first, row, )
    _0 = torch.index_copy_(x, 0, i, torch.add(torch.index_select(x, 0, i), z))
    return 0

  # Of n experts, which bounds has from 3 at on: where each one's choices begin in order, how many they are, and which it is.
  def bounds_of(self: __torch__.Kernels, bounds: Tensor, at: int, n: int, column: int) -> Tensor:
    return torch.slice(torch.view(torch.slice(bounds, 0, 3 * at, 3 * (at + n), 1), [n, 3]), 1, column, column + 1, 1)

  # Choices of n experts, rows of each. One that has fewer has its last again.
  def padded_choices(self: __torch__.Kernels, order: Tensor, bounds: Tensor, at: int, n: int, rows: int) -> Tensor:
    last = torch.sub((self).bounds_of(bounds, at, n, 1, ), 1)
    j = torch.unsqueeze(torch.arange(rows, dtype=4, layout=None, device=ops.prim.device(order), pin_memory=False), 0)
    return torch.index_select(order, 0, torch.view(torch.add((self).bounds_of(bounds, at, n, 0, ), torch.minimum(j, last)), [-1]))

  def rows_of_choices(self: __torch__.Kernels, choices: Tensor, most: int, first: int, row: int) -> Tensor:
    return torch.add(torch.div(choices, most, rounding_mode="floor"), row - first)

  # The first rows of out = x of the rows of these choices, as in gather_rows
  def gather_experts(self: __torch__.Kernels, x: Tensor, choices: Tensor, most: int, first: int, row: int, out: Tensor) -> int:
    i = (self).rows_of_choices(choices, most, first, row, )
    _0 = torch.index_select(x, 0, i, out=torch.slice(out, 0, 0, torch.numel(choices), 1))
    return 0

  # [n * rows, columns] from row first on, seen as [n, rows, columns]
  def of_experts(self: __torch__.Kernels, x: Tensor, first: int, n: int, rows: int) -> Tensor:
    return torch.view(torch.slice(x, 0, first, first + n * rows, 1), [n, rows, -1])

  # The matrices as products with rows take them, [n, columns of x, columns of the product]
  def turned(self: __torch__.Kernels, w: Tensor, transposed: bool) -> Tensor:
    if transposed:
      y = w
    else:
      y = torch.transpose(w, 1, 2)
    return y

  # out[first :] = x @ w[expert]^T, or x @ w[expert] of transposed matrices, for each expert's rows; activation 0 for none, 1 for
  # silu, 2 for gelu
  def store_experts(self: __torch__.Kernels, x: Tensor, n: int, rows: int, w: Tensor, transposed: bool, activation: int, out: Tensor, first: int) -> int:
    target = (self).of_experts(out, first, n, rows, )
    _0 = torch.bmm((self).of_experts(x, 0, n, rows, ), (self).turned(w, transposed, ), out=target)
    if activation == 1:
      _1 = torch.silu_(target)
    elif activation == 2:
      _2 = torch.gelu_(target, approximate="tanh")
    return 0

  # out[first :] *= the same product
  def multiply_experts(self: __torch__.Kernels, x: Tensor, n: int, rows: int, w: Tensor, transposed: bool, out: Tensor, first: int) -> int:
    _0 = torch.mul_((self).of_experts(out, first, n, rows, ), torch.bmm((self).of_experts(x, 0, n, rows, ), (self).turned(w, transposed, )))
    return 0

  # out[first :] += each expert's row of biases
  def add_biases(self: __torch__.Kernels, biases: Tensor, bounds: Tensor, at: int, n: int, rows: int, out: Tensor, first: int) -> int:
    target = (self).of_experts(out, first, n, rows, )
    all = torch.view(biases, [-1, torch.size(out, 1)])
    some = torch.index_select(all, 0, torch.view((self).bounds_of(bounds, at, n, 2, ), [-1]))
    _0 = torch.add_(target, torch.unsqueeze(some, 1))
    return 0

  # places[choice - first * most] = the row that has its result, of choices whose rows begin at row begin. A choice that is there
  # again, as padding, has equal results.
  def place_experts(self: __torch__.Kernels, choices: Tensor, most: int, first: int, begin: int, places: Tensor) -> int:
    j = torch.arange(begin, begin + torch.numel(choices), dtype=4, layout=None, device=ops.prim.device(choices), pin_memory=False)
    _0 = torch.index_copy_(places, 0, torch.sub(choices, first * most), j)
    return 0

  # x[row : row + n] += the sum of weight * y[place] over the first choices of tokens from first on, whose places begin at begin *
  # most. Row 0 of y is nothing, for choices that are not there. Rows are taken as so many numbers of type wide: a GPU is slow to
  # find each of many small ones.
  def combine_experts(self: __torch__.Kernels, y: Tensor, wide: int, wide_columns: int, places: Tensor, most: int, chosen: int, weights: Tensor, first: int, begin: int, n: int, x: Tensor, row: int) -> int:
    all = torch.view(torch.slice(places, 0, begin * most, (begin + n) * most, 1), [n, most])
    i = torch.reshape(torch.slice(all, 1, 0, chosen, 1), [-1])
    found = torch.index_select((self).as_type(y, wide, 0, [torch.size(y, 0), wide_columns], ), 0, i)
    z = (self).as_type(found, ops.prim.dtype(y), 0, [n, chosen, torch.size(y, 1)], )
    w = torch.unsqueeze(torch.to((self).block(weights, first, n, 0, chosen, ), ops.prim.dtype(y)), 1)
    _0 = torch.add_(torch.slice(x, 0, row, row + n, 1), torch.squeeze(torch.bmm(w, z), 1))
    return 0

  # Matrices of experts in a ring of places: [n, rows, columns], each stride elements behind the one before
  def strided(self: __torch__.Kernels, x: Tensor, begin: int, n: int, stride: int, rows: int, columns: int) -> Tensor:
    return torch.as_strided(x, [n, rows, columns], [stride, columns, 1], begin)

  # x[first : first + n] *= factor [1]
  def multiply_rows(self: __torch__.Kernels, x: Tensor, first: int, n: int, factor: Tensor) -> int:
    _0 = torch.mul_(torch.slice(x, 0, first, first + n, 1), factor)
    return 0

  # x[to : to + n] *= carried[first : first + n, from column on]
  def multiply_carried(self: __torch__.Kernels, x: Tensor, to: int, n: int, carried: Tensor, first: int, column: int) -> int:
    _0 = torch.mul_(torch.slice(x, 0, to, to + n, 1), (self).block(carried, first, n, column, torch.size(x, 1), ))
    return 0

  # carried[first : first + n, column :] = x[first : first + n], which is 0 then
  def set_aside(self: __torch__.Kernels, x: Tensor, first: int, n: int, carried: Tensor, column: int) -> int:
    some = torch.slice(x, 0, first, first + n, 1)
    _0 = torch.copy_((self).block(carried, first, n, column, torch.size(x, 1), ), some)
    _1 = torch.zero_(some)
    return 0

  # x[first : first + n] = carried[first : first + n, column :]
  def take_back(self: __torch__.Kernels, carried: Tensor, column: int, first: int, n: int, x: Tensor) -> int:
    _0 = torch.copy_(torch.slice(x, 0, first, first + n, 1), (self).block(carried, first, n, column, torch.size(x, 1), ))
    return 0

  # carried[to : to + n] = scale * (carried + norm(x[first : first + n])), groups of elements normed alone; x is overwritten
  def carry(self: __torch__.Kernels, x: Tensor, first: int, n: int, weight: Tensor, epsilon: float, scale: float, carried: Tensor, to: int) -> int:
    some = torch.slice(x, 0, first, first + n, 1)
    d = torch.numel(weight)
    groups = torch.view(some, [n, torch.floordiv(torch.size(x, 1), d), d])
    _0 = (self).rms_norm(groups, weight, epsilon, groups, )
    _1 = torch.mul_(torch.add_((self).block(carried, to, n, 0, torch.size(x, 1), ), some), scale)
    return 0

  # x += value
  def shift(self: __torch__.Kernels, x: Tensor, value: float) -> int:
    _0 = torch.add_(x, value)
    return 0

  # out[target] = norm(x[source])
  def norm_picked(self: __torch__.Kernels, x: Tensor, source: Tensor, weight: Tensor, epsilon: float, out: Tensor, target: Tensor) -> int:
    y = torch.empty([torch.numel(source), torch.size(x, 1)], dtype=ops.prim.dtype(out), layout=None, device=ops.prim.device(out), pin_memory=False)
    _0 = (self).rms_norm(torch.index_select(x, 0, source), weight, epsilon, y, )
    _1 = torch.index_copy_(out, 0, target, y)
    return 0

  # sums[row] += the sum of norm(x[first : first + n]), which normed holds meanwhile
  def pool_rows(self: __torch__.Kernels, x: Tensor, first: int, n: int, weight: Tensor, epsilon: float, normed: Tensor, sums: Tensor, row: int) -> int:
    _0 = (self).norm_rows(x, first, n, weight, epsilon, normed, 0, )
    _1 = torch.add_(torch.slice(sums, 0, row, row + 1, 1), torch.sum(torch.slice(normed, 0, 0, n, 1), [0], True, dtype=6))
    return 0

  def clear(self: __torch__.Kernels, x: Tensor) -> int:
    _0 = torch.zero_(x)
    return 0

  # x[first : first + n, from column on] = scale times the rows that index picks from the embedding rows in staged
  def embed(self: __torch__.Kernels, staged: Tensor, rows: int, index: Tensor, scale: float, x: Tensor, first: int, column: int) -> int:
    w = torch.to(torch.slice(staged, 0, 0, rows, 1), ops.prim.device(x), ops.prim.dtype(staged))
    target = (self).block(x, first, torch.size(index, 0), column, torch.size(w, 1), )
    if ops.prim.dtype(x) == ops.prim.dtype(w):
      _0 = torch.index_select(w, 0, index, out=target)
    else:
      _1 = torch.copy_(target, torch.index_select(w, 0, index))
    if scale != 1.:
      _2 = torch.mul_(target, scale)
    return 0

  # Cosines and sines of position times frequency, side by side: [tokens, 2 frequencies] float32. Where there are spans, tokens
  # whose span is above a bound have the longer frequencies.
  def rotations(self: __torch__.Kernels, positions: Tensor, frequencies: Tensor, factor: float, spans: Tensor, longer: Tensor, above: int) -> Tensor:
    f = torch.unsqueeze(frequencies, 0)
    if torch.numel(spans) > 0:
      f = torch.where(torch.unsqueeze(torch.gt(spans, above), 1), torch.unsqueeze(longer, 0), f)
    angles = torch.mul(torch.unsqueeze(torch.to(positions, 6), 1), f)
    return torch.mul(torch.cat([torch.cos(angles), torch.sin(angles)], 1), factor)

  # Turns the first elements of each head of x itself, [n, heads, headDim], by as many rotations, in float32: their halves
  # together, or pairs of neighbours.
  def rotate(self: __torch__.Kernels, x: Tensor, rotations: Tensor, pairs: bool) -> int:
    half = torch.floordiv(torch.size(rotations, 1), 2)
    cos = torch.unsqueeze(torch.slice(rotations, 1, 0, half, 1), 1)
    sin = torch.unsqueeze(torch.slice(rotations, 1, half, half * 2, 1), 1)
    if pairs:
      a = torch.slice(x, 2, 0, half * 2, 2)
      b = torch.slice(x, 2, 1, half * 2, 2)
    else:
      a = torch.slice(x, 2, 0, half, 1)
      b = torch.slice(x, 2, half, half * 2, 1)
    ya = torch.sub_(torch.mul(a, cos), torch.mul(b, sin))
    yb = torch.add_(torch.mul(b, cos), torch.mul(a, sin))
    _0 = torch.copy_(a, ya)
    _1 = torch.copy_(b, yb)
    return 0

  # The first heads of the n tokens from row on of qkv [tokens, (heads + 2 kvHeads) headDim], in qkv itself.
  def queries(self: __torch__.Kernels, qkv: Tensor, row: int, n: int, heads: int, d: int) -> Tensor:
    return torch.view((self).block(qkv, row, n, 0, heads * d, ), [n, heads, d])

  # Norms the heads of n tokens from row on of qkv itself, from column on, each alone or, where the weight has as many
  # elements, all of a token together; each alone without a weight.
  def norm_heads(self: __torch__.Kernels, qkv: Tensor, row: int, n: int, column: int, heads: int, d: int, weight: Tensor, epsilon: float) -> int:
    x = (self).block(qkv, row, n, column, heads * d, )
    if torch.numel(weight) <= d:
      x = torch.view(x, [n, heads, d])
    return (self).rms_norm(x, weight, epsilon, x, )

  # x [n, heads, d] of tokens at positions, times 1 + beta * log(1 + floor(position / length))
  def sharpen(self: __torch__.Kernels, x: Tensor, positions: Tensor, beta: float, length: int) -> int:
    far = torch.log(torch.add(torch.floor(torch.div(torch.to(positions, 6), length)), 1.))
    _0 = torch.mul_(x, torch.unsqueeze(torch.unsqueeze(torch.add(torch.mul(far, beta), 1.), 1), 1))
    return 0

  # Norms and rotates queries and keys of the n tokens from row on in qkv itself; leaves keys and values also in fresh,
  # from token to on, and in kv [slots, 2, kvHeads, headDim], at the tokens' slots. Values stay as they are (0), are normed
  # without a weight (1), or are keys that were not normed yet, normed so (2).
  def enter(self: __torch__.Kernels, qkv: Tensor, row: int, n: int, heads: int, positions: Tensor, first: int, frequencies: Tensor, factor: float, pairs: bool, beta: float, length: int, spans: Tensor, longer: Tensor, above: int, query_norm: Tensor, key_norm: Tensor, epsilon: float, values: int, slots: Tensor, fresh: Tensor, kv: Tensor, to: int) -> int:
    kv_heads = torch.size(kv, 2)
    d = torch.size(kv, 3)
    given = (self).block(qkv, row, n, 0, (heads + kv_heads * 2) * d, )
    if values > 0:
      # Scores of heads that are not scaled down are large: what is left of half types' digits is rounded once.
      qkv = torch.to(given, 6)
      row = 0
      if values == 2:
        _6 = torch.copy_((self).block(qkv, row, n, (heads + kv_heads) * d, kv_heads * d, ), (self).block(qkv, row, n, heads * d, kv_heads * d, ))
      _7 = (self).norm_heads(qkv, row, n, (heads + kv_heads) * d, kv_heads, d, torch.empty([0], dtype=6, layout=None, device=ops.prim.device(qkv), pin_memory=False), epsilon, )
    turned = (self).queries(qkv, row, n, heads + kv_heads, d, )
    if torch.numel(query_norm) > 0:
      _0 = (self).norm_heads(qkv, row, n, 0, heads, d, query_norm, epsilon, )
      _1 = (self).norm_heads(qkv, row, n, heads * d, kv_heads, d, key_norm, epsilon, )
    if torch.numel(frequencies) > 0:
      own_spans = spans
      if torch.numel(spans) > 0:
        own_spans = torch.slice(spans, 0, first, first + n, 1)
      r = (self).rotations(torch.slice(positions, 0, first, first + n, 1), frequencies, factor, own_spans, longer, above, )
      _2 = (self).rotate(turned, r, pairs, )
    if beta > 0.:
      _5 = (self).sharpen((self).queries(qkv, row, n, heads, d, ), torch.slice(positions, 0, first, first + n, 1), beta, length, )
    if values > 0 and ops.prim.dtype(given) != 6:
      _8 = torch.copy_(given, qkv)
    new = torch.slice(fresh, 0, to, to + n, 1)
    _3 = torch.copy_(torch.view(new, [n, kv_heads * 2 * d]), (self).block(qkv, row, n, heads * d, kv_heads * 2 * d, ))
    _4 = torch.index_copy_(kv, 0, torch.slice(slots, 0, to, to + n, 1), new)
    return 0

  # Norms and rotates queries alone, [n, heads headDim] from row on of q itself.
  def enter_queries(self: __torch__.Kernels, q: Tensor, row: int, n: int, heads: int, d: int, positions: Tensor, first: int, frequencies: Tensor, factor: float, pairs: bool, beta: float, length: int, spans: Tensor, longer: Tensor, above: int, query_norm: Tensor, epsilon: float) -> int:
    given = (self).block(q, row, n, 0, heads * d, )
    exact = torch.to(given, 6)
    turned = torch.view(exact, [n, heads, d])
    own_positions = torch.slice(positions, 0, first, first + n, 1)
    if torch.numel(query_norm) > 0:
      _0 = (self).norm_heads(exact, 0, n, 0, heads, d, query_norm, epsilon, )
    if torch.numel(frequencies) > 0:
      own_spans = spans
      if torch.numel(spans) > 0:
        own_spans = torch.slice(spans, 0, first, first + n, 1)
      r = (self).rotations(own_positions, frequencies, factor, own_spans, longer, above, )
      _1 = (self).rotate(turned, r, pairs, )
    if beta > 0.:
      _2 = (self).sharpen(turned, own_positions, beta, length, )
    if ops.prim.dtype(given) != 6:
      _3 = torch.copy_(given, exact)
    return 0

  # softmax(cap * tanh(q @ k^T * scale / cap)) @ v, in float32 between the products, without a cap softmax(q @ k^T * scale)
  # @ v; a mask of no elements hides nothing. Sinks, one for each of some rows of q over and over, are scores without values.
  def scored(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float, cap: float, sinks: Tensor) -> Tensor:
    scores = torch.to(torch.matmul(q, torch.transpose(k, -2, -1)), 6)
    if cap > 0.:
      scores = torch.mul_(torch.tanh_(torch.mul_(scores, scale / cap)), cap)
    else:
      scores = torch.mul_(scores, scale)
    if torch.numel(mask) > 0:
      scores = torch.masked_fill_(scores, torch.logical_not(mask), -inf)
    if torch.numel(sinks) > 0:
      kv_heads = torch.size(q, 1)
      rows = torch.size(q, 2)
      group = torch.floordiv(torch.numel(sinks), kv_heads)
      own = torch.repeat(torch.view(torch.to(sinks, 6), [1, kv_heads, group, 1]), [1, 1, torch.floordiv(rows, group), 1])
      scores = torch.slice(torch.softmax(torch.cat([scores, own], -1), -1), 3, 0, torch.size(k, 2), 1)
    else:
      scores = torch.softmax(scores, -1)
    return torch.matmul(torch.to(scores, ops.prim.dtype(v)), v)

  # Causal attention of ragged segments. Segment i is counts[i] query rows from rows[i] on, the last of the lengths[i]
  # tokens whose keys and values start at slots[i] of kv [slots, 2, kvHeads, headDim]. A window of w lets a token see
  # itself and w - 1 before.
  def attend(self: __torch__.Kernels, q: Tensor, kv: Tensor, rows: List[int], counts: List[int], slots: List[int], lengths: List[int], window: int, scale: float, cap: float, sinks: Tensor, out: Tensor, first: int) -> int:
    heads = torch.size(q, 1)
    plain = cap == 0. and torch.numel(sinks) == 0
    kv_heads = torch.size(kv, 2)
    d = torch.size(q, 2)
    # The query heads that share a key head are rows of that head: no key or value is copied for them.
    group = torch.floordiv(heads, kv_heads)
    keys = torch.unsqueeze(torch.transpose(torch.select(kv, 1, 0), 0, 1), 0)
    values = torch.unsqueeze(torch.transpose(torch.select(kv, 1, 1), 0, 1), 0)
    queries = torch.view(q, [torch.size(q, 0), 1, kv_heads, group, d])
    outs = torch.view(out, [torch.size(out, 0), 1, kv_heads, group, d])
    for i in range(torch.len(rows)):
      row = rows[i]
      count = counts[i]
      length = lengths[i]
      skipped = 0
      if window > 0:
        skipped = ops.prim.max(0, length - count - window + 1)
      k = torch.slice(keys, 2, slots[i] + skipped, slots[i] + length, 1)
      v = torch.slice(values, 2, slots[i] + skipped, slots[i] + length, 1)
      if ops.prim.dtype(k) != ops.prim.dtype(q):
        k = torch.to(k, ops.prim.dtype(q))
        v = torch.to(v, ops.prim.dtype(q))
      if count == 1:
        x = torch.select(queries, 0, row)
        if plain:
          y = torch.scaled_dot_product_attention(x, k, v, None, 0., False, scale=scale)
        else:
          y = (self).scored(x, k, v, torch.empty([0], dtype=11, layout=None, device=ops.prim.device(q), pin_memory=False), scale, cap, sinks, )
        _0 = torch.copy_(torch.select(outs, 0, first + row), y)
      else:
        x = torch.permute(torch.squeeze(torch.slice(queries, 0, row, row + count, 1), 1), [1, 0, 2, 3])
        x = torch.reshape(x, [1, kv_heads, count * group, d])
        query = torch.unsqueeze(torch.arange(length - count, length, dtype=4, layout=None, device=ops.prim.device(q), pin_memory=False), 1)
        key = torch.unsqueeze(torch.arange(skipped, length, dtype=4, layout=None, device=ops.prim.device(q), pin_memory=False), 0)
        mask = torch.le(key, query)
        if window > 0:
          mask = torch.logical_and(mask, torch.gt(key, torch.sub(query, window)))
        mask = torch.repeat_interleave(mask, group, 0)
        if plain:
          y = torch.scaled_dot_product_attention(x, k, v, mask, 0., False, scale=scale)
        else:
          y = (self).scored(x, k, v, mask, scale, cap, sinks, )
        y = torch.permute(torch.view(torch.contiguous(y), [kv_heads, count, group, d]), [1, 0, 2, 3])
        _1 = torch.copy_(torch.squeeze(torch.slice(outs, 0, first + row, first + row + count, 1), 1), y)
    return 0

  # The same by the fused kernel for ragged batches. segments holds cumulated counts, n + 1 of them, slots and the slot
  # behind the last, n + 1, and lengths, n.
  def attend_flash(self: __torch__.Kernels, q: Tensor, kv: Tensor, segments: Tensor, n: int, max_count: int, max_length: int, window: int, scale: float, out: Tensor, first: int) -> int:
    left = window - 1
    right = 0
    if window == 0:
      left = -1
      right = -1
    rows = torch.slice(segments, 0, 0, n + 1, 1)
    slots = torch.slice(segments, 0, n + 1, 2 * n + 2, 1)
    lengths = torch.slice(segments, 0, 2 * n + 2, 3 * n + 2, 1)
    y, _0, _1, _2, _3 = torch._flash_attention_forward(q, torch.select(kv, 1, 0), torch.select(kv, 1, 1), rows, slots, max_count, max_length, 0., True, False, scale=scale, window_size_left=left, window_size_right=right, seqused_k=lengths, alibi_slopes=None)
    tokens = torch.size(q, 0)
    _4 = torch.copy_(torch.slice(out, 0, first, first + tokens, 1), torch.reshape(y, [tokens, torch.size(out, 1)]))
    return 0

  # The first n tokens of x [tokens, 2, kvHeads, headDim] in bytes: 128 is zero, the largest magnitude of a head is 127
  # from it, and the four bytes behind a head are what one step is worth, in float32. Some tokens at a time, since the
  # arithmetic takes several times their bytes.
  def quantize(self: __torch__.Kernels, x: Tensor, n: int, at_once: int, out: Tensor) -> int:
    for i in range(torch.floordiv(n + at_once - 1, at_once)):
      begin = i * at_once
      end = ops.prim.min(n, begin + at_once)
      y = torch.to(torch.slice(x, 0, begin, end, 1), 6)
      step = torch.clamp_min(torch.div(torch.amax(torch.abs(y), [-1], True), 127.), 1e-30)
      q = torch.to(torch.add_(torch.round_(torch.div(y, step)), 128), 0)
      _0 = torch.copy_(torch.slice(out, 0, begin, end, 1), torch.cat([q, torch.view_copy(step, dtype=0)], -1))
    return 0

  def dequantize(self: __torch__.Kernels, x: Tensor, n: int, at_once: int, out: Tensor) -> int:
    d = torch.size(out, 3)
    for i in range(torch.floordiv(n + at_once - 1, at_once)):
      begin = i * at_once
      end = ops.prim.min(n, begin + at_once)
      y = torch.slice(x, 0, begin, end, 1)
      step = torch.view_copy(torch.contiguous(torch.slice(y, 3, d, d + 4, 1)), dtype=6)
      q = torch.sub_(torch.to(torch.slice(y, 3, 0, d, 1), 6), 128)
      _0 = torch.copy_(torch.slice(out, 0, begin, end, 1), torch.mul_(q, step))
    return 0

  # The largest of each row of x, its column, the second largest and its column, each [n, 1]. Of equal ones the one further
  # left comes first: argmax promises that on every device, topk on none. What is not a number is the largest. In a row of
  # one column the second is minus infinity.
  def first_two(self: __torch__.Kernels, x: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    i = torch.argmax(x, 1, True)
    v = torch.gather(x, 1, i)
    _0 = torch.scatter_(x, 1, i, -inf)
    j = torch.argmax(x, 1, True)
    u = torch.gather(x, 1, j)
    _1 = torch.scatter_(x, 1, i, v)
    return (v, i, u, j)

  # The same. They are in two runs of columns, those with the two largest maxima, or behind the last whole run: finding
  # maxima without their places takes a fraction of the time.
  def best(self: __torch__.Kernels, y: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    n = torch.size(y, 0)
    columns = torch.size(y, 1)
    run = 128
    runs = torch.floordiv(columns, run)
    if runs > 4:
      whole = torch.view(torch.slice(y, 1, 0, runs * run, 1), [n, runs, run])
      # None is as small as what stands for the first when the second is sought, so that they are two.
      maxima = torch.clamp_min_(torch.amax(whole, [2], False), -3.4028234663852886e+38)
      _0, r, _1, s = (self).first_two(maxima, )
      place = torch.unsqueeze(torch.arange(columns, dtype=4, layout=None, device=ops.prim.device(y), pin_memory=False), 0)
      inside = torch.slice(place, 1, 0, run, 1)
      lower = torch.add(torch.mul(torch.minimum(r, s), run), inside)
      upper = torch.add(torch.mul(torch.maximum(r, s), run), inside)
      rest = torch.expand(torch.slice(place, 1, runs * run, columns, 1), [n, columns - runs * run])
      place = torch.cat([lower, upper, rest], 1)
      v, i, u, j = (self).first_two(torch.gather(y, 1, place), )
      i = torch.gather(place, 1, i)
      j = torch.gather(place, 1, j)
    else:
      v, i, u, j = (self).first_two(y, )
    return (v, i, u, j)

  # Rows [begin : begin + n] of y are logits of rows [first : first + n] of the head: brings the logarithm of the sum of
  # exponentials forward for those from read_first on that have one in sums.
  def sum_exponentials(self: __torch__.Kernels, y: Tensor, begin: int, n: int, first: int, read_first: int, sums: Tensor) -> int:
    since = ops.prim.max(first, read_first)
    until = ops.prim.min(first + n, read_first + torch.numel(sums))
    if until > since:
      kept = torch.slice(sums, 0, since - read_first, until - read_first, 1)
      own = torch.to(torch.slice(y, 0, begin + since - first, begin + until - first, 1), 6)
      _0 = torch.copy_(kept, torch.logaddexp(kept, torch.logsumexp(own, [1], False)))
    return 0

  # The first n rows of y are logits of rows [first : first + n] of the head for the tokens from first_token on: keeps those
  # of tokens, each in its row, that are among them.
  def pick(self: __torch__.Kernels, y: Tensor, n: int, first: int, first_token: int, rows: Tensor, tokens: Tensor, found: Tensor) -> int:
    columns = torch.size(y, 1)
    row = torch.sub(rows, first)
    column = torch.sub(tokens, first_token)
    here = torch.logical_and(torch.logical_and(torch.ge(row, 0), torch.lt(row, n)), torch.logical_and(torch.ge(column, 0), torch.lt(column, columns)))
    place = torch.add(torch.mul(torch.clamp(row, 0, n - 1), columns), torch.clamp(column, 0, columns - 1))
    _0 = torch.copy_(found, torch.where(here, torch.to(torch.take(y, place), 6), found))
    return 0

  # y [n, rows of w] = product of rows [first : first + n] of x with rows of w from begin to end
  def head_product(self: __torch__.Kernels, x: Tensor, first: int, n: int, w: Tensor, begin: int, end: int, least_rows: int, piece: Tensor, y: Tensor) -> int:
    return (self).product(x, first, n, w, begin, end, least_rows, piece, False, (self).block(y, 0, n, begin, end - begin, ), )

  # Rows [begin : begin + n] of y = cap * tanh(scale * y / cap), or scale * y without a cap
  def scale_logits(self: __torch__.Kernels, y: Tensor, begin: int, n: int, scale: float, cap: float) -> int:
    some = torch.slice(y, 0, begin, begin + n, 1)
    if cap > 0.:
      _0 = torch.mul_(torch.tanh_(torch.mul_(some, scale / cap)), cap)
    else:
      _1 = torch.mul_(some, scale)
    return 0

  # Rows [begin : begin + n] of y are logits of rows [first : first + n] of the head for the vocabulary's tokens from
  # first_token on. Keeps each row's two best logits and their tokens, of equal ones the lowest, since tiles come in the
  # order of their tokens. Copies the logits of rows below logit_rows to logits [rows, vocabulary] on the host.
  def choose(self: __torch__.Kernels, y: Tensor, begin: int, n: int, first: int, first_token: int, best: Tensor, tokens: Tensor, logits: Tensor, logit_rows: int) -> int:
    columns = torch.size(y, 1)
    y = torch.to(torch.slice(y, 0, begin, begin + n, 1), 6)
    kept = torch.slice(best, 0, first, first + n, 1)
    kept_tokens = torch.slice(tokens, 0, first, first + n, 1)
    v, i, u, j = (self).best(y, )
    found_tokens = torch.cat([kept_tokens, torch.add(torch.cat([i, j], 1), first_token)], 1)
    v, i, u, j = (self).first_two(torch.cat([kept, v, u], 1), )
    _1 = torch.copy_(kept, torch.cat([v, u], 1))
    _2 = torch.copy_(kept_tokens, torch.gather(found_tokens, 1, torch.cat([i, j], 1)))
    full = ops.prim.min(n, logit_rows - first)
    if full > 0:
      _3 = torch.copy_((self).block(logits, first, full, first_token, columns, ), torch.slice(y, 0, 0, full, 1))
    return 0
