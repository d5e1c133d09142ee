package dev.strata.job.dataset;

import dev.strata.job.openai.BatchRequest;
import dev.strata.job.openai.Refusal;
import dev.strata.job.openai.RequestLine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.util.LineReader;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads batch files line by line, blank lines left out. A name counts where it is used first. */
final class BatchReader implements MapPartitionsFunction<String, Row> {

  private static final long serialVersionUID = 1L;

  private static final Logger LOG = LoggerFactory.getLogger(BatchReader.class);

  private final SerializableConfiguration configuration;

  BatchReader(SerializableConfiguration configuration) {
    this.configuration = configuration;
  }

  @Override
  public Iterator<Row> call(Iterator<String> files) {
    Lines lines = new Lines(files, configuration.value());
    TaskCompletionListener listener = ended -> lines.close();
    TaskContext.get().addTaskCompletionListener(listener);
    return lines;
  }

  private static final class Lines implements Iterator<Row>, AutoCloseable {

    /** What is read of a line; the rest of a longer one is skipped. */
    private static final int MOST_LINE_BYTES = 64 << 20;

    /** Carriage return and line feed. */
    private static final int LINE_END_BYTES = 2;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final Iterator<String> files;
    private final Configuration configuration;
    private final Map<String, String> placesOfNames = new HashMap<>();
    private final Text bytes = new Text();
    private LineReader reader;
    private String file;
    private long line;
    private long position;
    private Row next;

    Lines(Iterator<String> files, Configuration configuration) {
      this.files = files;
      this.configuration = configuration;
    }

    @Override
    public boolean hasNext() {
      while (next == null && (reader != null || files.hasNext())) {
        try {
          advance();
        } catch (IOException e) {
          throw new UncheckedIOException("the batch file cannot be read: " + e.getMessage(), e);
        }
      }
      return next != null;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = next;
      next = null;
      return row;
    }

    private void advance() throws IOException {
      if (reader == null) {
        Path path = new Path(files.next());
        reader = new LineReader(open(path));
        file = path.getName();
        line = 0;
      } else {
        readLine();
      }
    }

    private void readLine() throws IOException {
      int consumed = reader.readLine(bytes, MOST_LINE_BYTES);
      if (consumed == 0) {
        close();
        return;
      }
      line++;
      next = consumed > bytes.getLength() + LINE_END_BYTES ? tooLong() : read();
    }

    private Row tooLong() {
      return row(
          RequestLine.refused(
              "line_too_long",
              "the line has more than the %d MiB that one may have"
                  .formatted(MOST_LINE_BYTES >> 20)));
    }

    private InputStream open(Path file) throws IOException {
      InputStream stream = file.getFileSystem(configuration).open(file);
      CompressionCodec codec = new CompressionCodecFactory(configuration).getCodec(file);
      return codec == null ? stream : codec.createInputStream(stream);
    }

    private Row read() {
      if (line == 1 && startsWithMark()) {
        bytes.set(bytes.getBytes(), BYTE_ORDER_MARK.length, bytes.getLength() - 3);
      }
      if (isBlank()) {
        return null;
      }
      return row(request());
    }

    /** Whatever a line makes its reader throw, the others are answered. */
    private BatchRequest request() {
      try {
        return RequestLine.parse(bytes.getBytes(), bytes.getLength());
      } catch (RuntimeException | StackOverflowError e) {
        LOG.warn("line {} of {} cannot be read", line, file, e);
        return RequestLine.refused("invalid_json_line", "the line cannot be read: " + e);
      }
    }

    private Row row(BatchRequest request) {
      return BatchInput.row(unique(request), line, ++position);
    }

    private boolean startsWithMark() {
      byte[] array = bytes.getBytes();
      return bytes.getLength() >= 3 && java.util.Arrays.equals(array, 0, 3, BYTE_ORDER_MARK, 0, 3);
    }

    private boolean isBlank() {
      for (int i = 0; i < bytes.getLength(); i++) {
        if (!Character.isWhitespace(bytes.getBytes()[i])) {
          return false;
        }
      }
      return true;
    }

    private BatchRequest unique(BatchRequest request) {
      String place = "line %d of %s".formatted(line, file);
      if (request.customId() == null) {
        Refusal why = request.refusal();
        return request.refused(
            new Refusal(why.code(), why.parameter(), place + ": " + why.message()));
      }
      String first = placesOfNames.putIfAbsent(request.customId(), place);
      return first == null
          ? request
          : request.refused(
              new Refusal(
                  "duplicate_custom_id",
                  null,
                  "custom_id %s is in %s already; %s is left out"
                      .formatted(request.customId(), first, place)));
    }

    @Override
    public void close() {
      try {
        if (reader != null) {
          reader.close();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        reader = null;
      }
    }
  }
}
