package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.ElementType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizedCheckpointTest {

  private static final String MATRIX = "model.layers.1.mlp.down_proj.weight";

  @TempDir private Path directory;

  private void copy(String golden) throws IOException {
    Path root = Path.of(System.getProperty("strata.root", ".."));
    Path from = root.resolve("udfs/src/test/resources/goldens").resolve(golden);
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.write(directory.resolve(name), Files.readAllBytes(from.resolve(name)));
    }
  }

  /** Texts of one length take each other's place, so that all offsets stay. */
  private void edit(String name, String before, String after) throws IOException {
    Path file = directory.resolve(name);
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertThat(text).contains(before);
    Files.writeString(file, text.replace(before, after), StandardCharsets.ISO_8859_1);
  }

  private void assertRefused(String sentence, Object... arguments) {
    assertThatThrownBy(() -> Checkpoint.open(directory.toString()))
        .isInstanceOf(StrataException.class)
        .hasMessage(sentence, arguments);
  }

  private static Weight find(Checkpoint checkpoint, String name) {
    return checkpoint.weights().stream()
        .filter(weight -> weight.spec().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aBlockOfElementsHasAScale() throws IOException {
    copy("quant-fp8-block");
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      Weight matrix = find(checkpoint, MATRIX);
      assertThat(matrix.type()).isEqualTo(ElementType.F8_E4M3);
      assertThat(matrix.scales().blockRows()).isEqualTo(128);
      assertThat(matrix.scales().blockColumns()).isEqualTo(128);
      assertThat(matrix.scales().columns()).isEqualTo(2);
      assertThat(matrix.extents(0, 1)).extracting(Extent::bytes).containsExactly(256L, 8L);
      assertThat(matrix.extents(100, 28)).extracting(Extent::bytes).containsExactly(7168L, 8L);
      assertThat(matrix.wholeRowBytes()).isEqualTo(257);
    }
  }

  @Test
  void aRowHasAScale() throws IOException {
    copy("quant-fp8-channel");
    try (Checkpoint checkpoint = Checkpoint.open(directory.toString())) {
      Weight matrix = find(checkpoint, MATRIX);
      List<Extent> all = matrix.extents(0, matrix.rows());
      List<Extent> some = matrix.extents(5, 3);
      assertThat(some).extracting(Extent::bytes).containsExactly(3L * 256, 3L * 2);
      assertThat(some.get(0).offset()).isEqualTo(all.get(0).offset() + 5 * 256);
      assertThat(some.get(1).offset()).isEqualTo(all.get(1).offset() + 5 * 2);
    }
  }

  /** Rows of a tensor that holds several matrices may begin within a row of blocks. */
  @Test
  void rowsThatBeginWithinABlock() {
    Part part = new Part("f", 1000, ElementType.F32, 3, 200, 128);
    assertThat(part.extent(0, 56)).isEqualTo(new Extent("f", 1012, 12));
    assertThat(part.extent(0, 57)).isEqualTo(new Extent("f", 1012, 24));
    assertThat(part.extent(56, 128)).isEqualTo(new Extent("f", 1024, 12));
    assertThat(part.rows(55, 130)).isEqualTo(3);
  }

  @Test
  void scalesThatAreNotThere() throws IOException {
    copy("quant-fp8-block");
    edit("model.safetensors", MATRIX + "_scale_inv", MATRIX + "_scale_iiv");
    assertRefused(
        "tensor %s in %s is stored as F8_E4M3, but its scales, %s_scale_inv, are not there;"
            + " download the model again",
        MATRIX, directory.resolve("model.safetensors"), MATRIX);
  }

  @Test
  void scalesOfOtherBlocks() throws IOException {
    copy("quant-fp8-block");
    edit("config.json", "weight_block_size", "weight_block_none");
    assertThatThrownBy(() -> Checkpoint.open(directory.toString()))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("_scale_inv in " + directory.resolve("model.safetensors"))
        .hasMessageContaining(
            "but " + directory.resolve("config.json") + " makes it [1, 1]; use the files of one");
  }

  @Test
  void codesWithoutAWordOfThem() throws IOException {
    copy("quant-fp8-block");
    edit("config.json", "quantization_config", "quantization_ignore");
    assertThatThrownBy(() -> Checkpoint.open(directory.toString()))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("is stored as F8_E4M3; use a model stored as F32, F16 or BF16");
  }
}
