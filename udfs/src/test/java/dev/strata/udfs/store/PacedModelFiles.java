package dev.strata.udfs.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** The files of another, whose reads begin when a test lets them. */
public final class PacedModelFiles extends ForwardedModelFiles {

  private final Consumer<ByteBuffer> beforeRead;

  /**
   * @param beforeRead called with what a read is going to fill, on its thread
   */
  public PacedModelFiles(ModelFiles files, Consumer<ByteBuffer> beforeRead) {
    super(files);
    this.beforeRead = beforeRead;
  }

  @Override
  public ByteSource open(String name) throws IOException {
    ByteSource source = super.open(name);
    return new ByteSource() {
      @Override
      public long length() throws IOException {
        return source.length();
      }

      @Override
      public void read(long offset, ByteBuffer target) throws IOException {
        beforeRead.accept(target);
        source.read(offset, target);
      }

      @Override
      public void close() throws IOException {
        source.close();
      }
    };
  }
}
