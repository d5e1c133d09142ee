# Streams and events of a CUDA device. They pass through DJL as opaque values.
class Cuda(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def new_stream(self: __torch__.Cuda) -> __torch__.torch.classes.cuda.Stream:
    s = __torch__.torch.classes.cuda.Stream.__new__(__torch__.torch.classes.cuda.Stream)
    _0 = (s).__init__(torch.device("@DEVICE@"), 0, )
    return s

  def new_event(self: __torch__.Cuda, timed: bool) -> __torch__.torch.classes.cuda.Event:
    e = __torch__.torch.classes.cuda.Event.__new__(__torch__.torch.classes.cuda.Event)
    _0 = (e).__init__(timed, False, False, )
    return e

  # Milliseconds from one timed event that has happened to another.
  def elapsed(self: __torch__.Cuda, begin: __torch__.torch.classes.cuda.Event, end: __torch__.torch.classes.cuda.Event) -> float:
    return (begin).elapsed_time(end, )

  # The calling thread's kernels go to this stream from now on.
  def use_stream(self: __torch__.Cuda, s: __torch__.torch.classes.cuda.Stream) -> int:
    _0 = ops.cuda.set_stream(s)
    return 0

  # Kernels sent to the stream after this wait for the event.
  def wait_event(self: __torch__.Cuda, s: __torch__.torch.classes.cuda.Stream, e: __torch__.torch.classes.cuda.Event) -> int:
    _0 = (s).wait_event(e, )
    return 0

  def record_event(self: __torch__.Cuda, s: __torch__.torch.classes.cuda.Stream, e: __torch__.torch.classes.cuda.Event) -> int:
    _0 = (s).record_event(e, )
    return 0

  # Blocks the calling thread until the event has happened.
  def await_event(self: __torch__.Cuda, e: __torch__.torch.classes.cuda.Event) -> int:
    _0 = (e).synchronize()
    return 0
