package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException.Fault;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class JvmErrorsTest {

  private static <T> Supplier<T> throwing(Throwable failure) {
    return () -> {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    };
  }

  private static void assertTold(Throwable failure, Fault fault, String message) {
    Error error = failure instanceof Error e ? e : (Error) failure.getCause();
    assertThatThrownBy(() -> JvmErrors.told(throwing(failure)))
        .hasMessageStartingWith(message)
        .hasNoCause() // where Spark looks for errors
        .hasSuppressedException(error)
        .isInstanceOfSatisfying(StrataException.class, e -> assertThat(e.fault()).isEqualTo(fault));
  }

  @Test
  void errorsBecomeSentences() {
    assertTold(
        new OutOfMemoryError("Java heap space"),
        Fault.RESOURCES,
        "the JVM is out of memory (Java heap space); start with more --executor-memory");
    assertTold(
        new IllegalStateException("somewhere", new OutOfMemoryError("Metaspace")),
        Fault.RESOURCES,
        "the JVM is out of memory (Metaspace); ");
    assertTold(new StackOverflowError(), Fault.RESOURCES, "a thread is out of stack; ");
    assertTold(
        new UnsatisfiedLinkError("no torch\nin java.library.path"),
        Fault.USAGE,
        "a class or native library cannot be used (UnsatisfiedLinkError: no torch); ");
    assertTold(
        new StrataException(Fault.MODEL, "said better", new StackOverflowError()),
        Fault.MODEL,
        "said better");
    assertThatThrownBy(() -> JvmErrors.told(throwing(new AssertionError("impossible"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("AssertionError: impossible")
        .hasNoCause();
  }

  @Test
  void allElseStaysAsItIs() {
    RuntimeException other = new IllegalArgumentException("x", new RuntimeException("y"));
    assertThatThrownBy(() -> JvmErrors.told(throwing(other))).isSameAs(other);
    assertThat(JvmErrors.told(() -> 7)).isEqualTo(7);
  }
}
