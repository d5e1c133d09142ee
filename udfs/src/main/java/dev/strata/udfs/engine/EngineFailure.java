package dev.strata.udfs.engine;

import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.HostMemoryException;
import dev.strata.udfs.tensor.UnusableGpuException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What clients are told of an engine that cannot go on. */
final class EngineFailure {

  private EngineFailure() {}

  /**
   * The same failure, or what it means for a person.
   *
   * <p>Host memory that comes while sweeps go on may be refused like that which is there before.
   * All that an engine reads is its model.
   */
  static Throwable told(Throwable failure) {
    List<Throwable> causes = causes(failure);
    Optional<StrataException> known = first(causes, StrataException.class);
    if (known.isPresent()) {
      return failure;
    }
    Optional<HostMemoryException> refused = first(causes, HostMemoryException.class);
    if (refused.isPresent()) {
      return StrataException.resources(
          "%s; end what else uses the machine's memory, or set spark.strata.host.memory lower",
          refused.get().getMessage());
    }
    Optional<UnusableGpuException> unusable = first(causes, UnusableGpuException.class);
    if (unusable.isPresent()) {
      return StrataException.resources("%s", unusable.get().getMessage());
    }
    if (OutOfDeviceMemory.isCauseOf(failure)) {
      return new OutOfDeviceMemory(false, failure).asRefusal();
    }
    if (DeviceFault.isCauseOf(failure)) {
      return DeviceFault.told(failure);
    }
    Optional<Error> error = first(causes, Error.class);
    return error.isPresent()
        ? JvmErrors.sentence(error.get())
        : first(causes, IOException.class).map(EngineFailure::unreadable).orElse(failure);
  }

  private static Throwable unreadable(IOException cause) {
    return new StrataException(
        StrataException.Fault.MODEL,
        String.format(
            "the model cannot be read: %s; see whether the file is whole and its disk sound, then"
                + " start again",
            cause.getMessage()),
        cause);
  }

  private static <T> Optional<T> first(List<Throwable> causes, Class<T> type) {
    return causes.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  private static List<Throwable> causes(Throwable failure) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable e = failure; e != null; e = e.getCause()) {
      causes.add(e);
    }
    return causes;
  }
}
