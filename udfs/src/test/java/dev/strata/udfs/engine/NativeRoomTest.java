package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.NativeCache;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeRoomTest {

  @TempDir Path directory;

  @Test
  void nativesThatDoNotFitAreNotExtracted() {
    Path cache = directory.resolve("none/yet");
    assertThatThrownBy(() -> NativeRoom.require(new NativeCache.Missing(cache, 1L << 60)))
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "PyTorch's natives need 1099511627776 MiB in %s, where \\d+ MiB are free; .*"
                .formatted(cache));
    assertThatCode(() -> NativeRoom.require(new NativeCache.Missing(cache, 1)))
        .doesNotThrowAnyException();
  }
}
