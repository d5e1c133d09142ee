package dev.strata.udfs.sql;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.TempLocalBlockId;
import scala.Tuple2;

/**
 * Records that are written one after another and then read in the same order, in a temporary file
 * among Spark's, compressed and encrypted as those are: so that none of them has to stay in memory.
 */
final class RowSpool implements AutoCloseable {

  /**
   * What is kept of a group of rows.
   *
   * @param call which call it is about
   * @param group the group's number in the partition
   * @param kind what the bytes are, as the writer has it
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, not compared
  record Entry(int call, long group, byte kind, byte[] bytes) {}

  private final TempLocalBlockId id;
  private final File file;
  private DataOutputStream output;
  private DataInputStream input;
  private long size;

  RowSpool() {
    Tuple2<TempLocalBlockId, File> block =
        SparkEnv.get().blockManager().diskBlockManager().createTempLocalBlock();
    this.id = block._1();
    this.file = block._2();
  }

  void add(Entry entry) {
    try {
      if (output == null) {
        output = new DataOutputStream(new BufferedOutputStream(opened()));
      }
      output.writeInt(entry.call());
      output.writeLong(entry.group());
      output.writeByte(entry.kind());
      output.writeInt(entry.bytes().length);
      output.write(entry.bytes());
      size++;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private OutputStream opened() throws IOException {
    return SparkEnv.get()
        .serializerManager()
        .wrapStream(id, new BufferedOutputStream(new FileOutputStream(file)));
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** The records, once; none is added any more. */
  Iterator<Entry> read() {
    try {
      if (output != null) {
        output.close();
        input =
            new DataInputStream(
                new BufferedInputStream(
                    SparkEnv.get()
                        .serializerManager()
                        .wrapStream(id, new BufferedInputStream(new FileInputStream(file)))));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Entries();
  }

  private final class Entries implements Iterator<Entry> {

    private long left = size;

    @Override
    public boolean hasNext() {
      return left > 0;
    }

    @Override
    public Entry next() {
      if (left == 0) {
        throw new NoSuchElementException();
      }
      left--;
      try {
        int call = input.readInt();
        long group = input.readLong();
        byte kind = input.readByte();
        byte[] bytes = new byte[input.readInt()];
        input.readFully(bytes);
        return new Entry(call, group, kind, bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    try {
      if (output != null) {
        output.close();
      }
      if (input != null) {
        input.close();
      }
      Files.deleteIfExists(file.toPath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
