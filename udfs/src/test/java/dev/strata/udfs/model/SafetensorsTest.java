package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  private static final long DATA_START = 100;
  private static final long FILE_LENGTH = 180;

  @Test
  void offsetsBecomeThoseOfTheFile() {
    String header =
        """
        {"__metadata__": {"format": "pt"},
         "b": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [16, 28]},
         "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
         "scalar": {"dtype": "I64", "shape": [], "data_offsets": [32, 40]},
         "empty": {"dtype": "F32", "shape": [0, 7], "data_offsets": [20, 20]},
         "later": {"dtype": "F4", "shape": [3], "data_offsets": [40, 42]}}
        """;
    Map<String, TensorEntry> tensors = parse(header);
    assertThat(tensors.keySet()).containsExactly("b", "a", "scalar", "empty", "later");
    assertThat(tensors.get("b")).isEqualTo(new TensorEntry("b", "BF16", List.of(2L, 3L), 116, 128));
    assertThat(tensors.get("a").bytes()).isEqualTo(16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"F32\" | [4] | [0, 84] | tensor t in f.st ends at byte 84 of the data, but the file has"
            + " only 80 bytes of data; it is truncated: download it again",
        "\"F32\" | [4] | [16, 0] | t.data_offsets is [16,0] in the header of f.st; it must be a"
            + " pair of offsets, the first not above the second",
        "\"F32\" | [4] | [-16, 0] | t.data_offsets is [-16,0] in the header of f.st; it must be a"
            + " pair of offsets",
        "\"F32\" | [4] | [0] | t.data_offsets is [0] in the header of f.st; it must be a pair of"
            + " offsets, the first not above the second",
        "\"F32\" | [4] | [0, 99999999999999999999] | t.data_offsets is [0,99999999999999999999] in"
            + " the header of f.st; it must be a pair of offsets",
        "\"F32\" | [4] | [0, 9223372036854775807] | tensor t in f.st ends at byte"
            + " 9223372036854775807 of the data, but the file has only 80 bytes of data; it is"
            + " truncated: download it again",
        "\"F32\" | [5] | [0, 16] | tensor t in f.st has 16 bytes, which do not hold shape [5] of"
            + " F32; the file is damaged: download it again",
        "\"BF16\" | [2, 2] | [0, 16] | tensor t in f.st has 16 bytes, which do not hold shape [2,"
            + " 2] of BF16; the file is damaged: download it again",
        "\"F32\" | [4294967296, 4294967296] | [0, 0] | tensor t in f.st has 0 bytes, which do not"
            + " hold shape [4294967296, 4294967296] of F32; the file is damaged: download it again",
        "\"F32\" | [0, 3] | [0, 16] | tensor t in f.st has 16 bytes, which do not hold shape [0,"
            + " 3] of F32; the file is damaged: download it again",
        "\"F32\" | [-4] | [0, 16] | t.shape is [-4] in the header of f.st; it must be a list of"
            + " sizes",
        "\"F32\" | 4 | [0, 16] | t.shape is 4 in the header of f.st; it must be a list of sizes",
        "32 | [4] | [0, 16] | t.dtype is 32 in the header of f.st; it must be a string",
      })
  void liesAreNamed(String dtype, String shape, String offsets, String message) {
    String header =
        String.format(
            "{\"t\": {\"dtype\": %s, \"shape\": %s, \"data_offsets\": %s}}", dtype, shape, offsets);
    assertThatThrownBy(() -> parse(header)).isInstanceOf(StrataException.class).hasMessage(message);
  }

  @Test
  void tensorsShareNoBytes() {
    String header =
        """
        {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
         "b": {"dtype": "F32", "shape": [4], "data_offsets": [12, 28]}}
        """;
    assertThatThrownBy(() -> parse(header))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "tensor b in f.st begins at byte 112 of the file, inside tensor a, which ends at 116;"
                + " the file is damaged: download it again");
  }

  @Test
  void headersThatAreNoJson() {
    assertThatThrownBy(() -> parse("PK\u0003\u0004"))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the header of f.st is not valid JSON at line 1 column 1; download the file again");
    assertThatThrownBy(() -> parse("{\"t\": 1}"))
        .isInstanceOf(StrataException.class)
        .hasMessage("t is 1 in the header of f.st; it must be an object");
  }

  @Test
  void indexes() {
    assertThat(
            Safetensors.parseIndex(
                "{\"metadata\": {}, \"weight_map\": {\"a\": \"1.st\", \"b\": \"2.st\"}}", "i.json"))
        .isEqualTo(Map.of("a", "1.st", "b", "2.st"));
    assertThatThrownBy(() -> Safetensors.parseIndex("{}", "i.json"))
        .isInstanceOf(StrataException.class)
        .hasMessage("weight_map is missing in i.json; it must be an object");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../1.st",
        "/etc/passwd",
        "",
        ".",
        "..",
        "./1.st",
        "a\\\\b",
        "a\\u0000b",
        "a\\u007f",
        "a\\nb",
        "\\ud83d",
        "\\ude00.st"
      })
  void indexesDoNotLeadElsewhere(String file) {
    assertThatThrownBy(() -> index(file))
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "weight_map\\.a is \"\\P{Cntrl}*\" in i\\.json; it must be the name of a file in the"
                + " same directory");
  }

  @Test
  void namesAreAsLongAsFileSystemsTakeThem() {
    assertThat(index("é".repeat(127))).hasSize(1);
    assertThatThrownBy(() -> index("é".repeat(128)))
        .isInstanceOf(StrataException.class)
        .hasMessageEndingWith("… in i.json; it must be the name of a file in the same directory");
  }

  private static Map<String, String> index(String file) {
    return Safetensors.parseIndex("{\"weight_map\": {\"a\": \"" + file + "\"}}", "i.json");
  }

  private static Map<String, TensorEntry> parse(String header) {
    ByteBuffer bytes = ByteBuffer.wrap(header.getBytes(StandardCharsets.UTF_8));
    return Safetensors.parseHeader(bytes, DATA_START, FILE_LENGTH, "f.st");
  }
}
