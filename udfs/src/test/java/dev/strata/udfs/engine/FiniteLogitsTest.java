package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that computes what is no number ends the rows that see it, and no other. */
class FiniteLogitsTest {

  private static final ModelShape SHAPE = new ModelShape("broken", 64, 128, 100, 2, 2, 64, 1);
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final int BROKEN_TOKEN = 50;

  @TempDir private Path directory;

  @Test
  void rowsWhoseLogitsAreNotFiniteFailAlone() throws IOException {
    RandomCheckpoint.write(directory, SHAPE, 1);
    breakEmbedding();
    List<int[]> prompts = List.of(new int[] {7, 8, 9}, new int[] {7, BROKEN_TOKEN}, new int[] {9});
    try (Engine engine = Engine.start(TestEngines.options(directory).build())) {
      List<RowResult> results = TestEngines.run(engine, TestEngines.requests(prompts, 1));
      assertThat(results)
          .extracting(RowResult::reason)
          .containsExactly(FinishReason.LENGTH, FinishReason.ERROR, FinishReason.LENGTH);
      assertThat(results.get(1).error()).isEqualTo("the model computed logits that are not finite");
      assertThat(results.get(1).mayMend()).isFalse();
    }
  }

  /** Makes all of a token's embedding, of bfloat16 numbers, not-a-number. */
  private void breakEmbedding() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path shard : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
        try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
          byte[] length = new byte[Long.BYTES];
          file.readFully(length);
          int bytes = (int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
          byte[] header = new byte[bytes];
          file.readFully(header);
          Matcher offset =
              Pattern.compile("\"" + EMBEDDING + "\":\\{[^}]*\"data_offsets\":\\[(\\d+),")
                  .matcher(new String(header, StandardCharsets.UTF_8));
          if (offset.find()) {
            long row = (long) BROKEN_TOKEN * SHAPE.hiddenSize() * Short.BYTES;
            file.seek(Long.BYTES + bytes + Long.parseLong(offset.group(1)) + row);
            for (int i = 0; i < SHAPE.hiddenSize(); i++) {
              file.write(new byte[] {(byte) 0xff, (byte) 0xff});
            }
            return;
          }
        }
      }
    }
    throw new AssertionError("no " + EMBEDDING + " in " + directory);
  }
}
