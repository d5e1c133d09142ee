package dev.strata.udfs.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CompositeCrcFileChecksum;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.Seekable;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.DataChecksum;

/** Local files as a Hadoop file system of its own, {@code remote:}, that counts what is read. */
public final class RemoteFileSystem extends RawLocalFileSystem {

  /** Whether nobody may read anything. */
  static final String DENIED = "test.denied";

  /** Milliseconds that each read takes. */
  static final String READ_MILLIS = "test.read.millis";

  /** Bytes by which checksums and lengths lie; for errors. */
  static final String CRC_OFFSET = "test.crc.offset";

  /** Whether there are any. */
  static final String CHECKSUMS = "test.checksums";

  static final String LENGTH_FACTOR = "test.length.factor";

  /** Calls and reads of all that fail next, and what they fail with. */
  static final AtomicInteger FAILURES = new AtomicInteger();

  static volatile Supplier<IOException> failure = () -> new ConnectException("Connection refused");

  /** Streams that break off next: at once, or behind their first bytes. */
  static final AtomicInteger BREAKS = new AtomicInteger();

  static volatile boolean breaksAtOnce;

  /** Bytes that were read one after the other, by all. */
  static final AtomicLong BYTES_READ = new AtomicLong();

  static Configuration configuration() {
    Configuration conf = new Configuration(false);
    conf.addResource("core-default.xml");
    conf.set("fs.remote.impl", RemoteFileSystem.class.getName());
    return conf;
  }

  static String uri(java.nio.file.Path path) {
    return "remote:" + path;
  }

  @Override
  public URI getUri() {
    return URI.create("remote:///");
  }

  @Override
  public String getScheme() {
    return "remote";
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    if (getConf().getBoolean(DENIED, false)) {
      throw new AccessControlException("Permission denied: user=nobody\n\tat server.Code(1)");
    }
    return super.getFileStatus(path);
  }

  private static void failIfDue() throws IOException {
    if (FAILURES.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw failure.get();
    }
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    failIfDue();
    FileStatus[] files = super.listStatus(path);
    long factor = getConf().getLong(LENGTH_FACTOR, 1);
    for (int i = 0; i < files.length; i++) {
      FileStatus file = files[i];
      files[i] =
          new FileStatus(
              file.getLen() * factor,
              file.isDirectory(),
              1,
              1,
              file.getModificationTime(),
              file.getPath());
    }
    return files;
  }

  @Override
  public FileChecksum getFileChecksum(Path path) throws IOException {
    if (!getConf().getBoolean(CHECKSUMS, true)) {
      return null;
    }
    CRC32C crc = new CRC32C();
    try (InputStream in = super.open(path, 4096)) {
      crc.update(in.readAllBytes());
    }
    int value = (int) crc.getValue() + getConf().getInt(CRC_OFFSET, 0);
    return new CompositeCrcFileChecksum(value, DataChecksum.Type.CRC32C, 512);
  }

  @Override
  public FSDataInputStream open(Path path, int buffer) throws IOException {
    return new FSDataInputStream(
        new Counted(super.open(path, buffer), getConf().getLong(READ_MILLIS, 0)));
  }

  /** Counts what is read from the current place on. */
  private static final class Counted extends FilterInputStream
      implements Seekable, PositionedReadable {

    private static final int LARGEST_READ = 64 << 10;

    private final FSDataInputStream stream;
    private final long millis;
    private boolean begun;

    Counted(FSDataInputStream stream, long millis) {
      super(stream);
      this.stream = stream;
      this.millis = millis;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
      if ((breaksAtOnce || begun) && BREAKS.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new IOException("Connection reset");
      }
      begun = true;
      int read = stream.read(bytes, offset, Math.min(length, LARGEST_READ));
      BYTES_READ.addAndGet(Math.max(0, read));
      return read;
    }

    @Override
    public void seek(long position) throws IOException {
      stream.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return stream.getPos();
    }

    @Override
    public boolean seekToNewSource(long position) throws IOException {
      return stream.seekToNewSource(position);
    }

    @Override
    public int read(long position, byte[] bytes, int offset, int length) throws IOException {
      return stream.read(position, bytes, offset, length);
    }

    @Override
    public void readFully(long position, byte[] bytes, int offset, int length) throws IOException {
      failIfDue();
      stream.readFully(position, bytes, offset, length);
    }

    @Override
    public void readFully(long position, byte[] bytes) throws IOException {
      stream.readFully(position, bytes);
    }
  }
}
