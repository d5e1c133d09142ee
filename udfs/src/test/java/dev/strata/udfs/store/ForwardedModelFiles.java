package dev.strata.udfs.store;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files of another, some of whose calls a test makes its own. */
public abstract class ForwardedModelFiles implements ModelFiles {

  private final ModelFiles files;

  protected ForwardedModelFiles(ModelFiles files) {
    this.files = files;
  }

  @Override
  public String location() {
    return files.location();
  }

  @Override
  public boolean exists(String name) throws IOException {
    return files.exists(name);
  }

  @Override
  public Optional<byte[]> find(String name) throws IOException {
    return files.find(name);
  }

  @Override
  public List<String> templates() throws IOException {
    return files.templates();
  }

  @Override
  public long length(String name) throws IOException {
    return files.length(name);
  }

  @Override
  public Map<String, FileState> states(Collection<String> names) throws IOException {
    return files.states(names);
  }

  @Override
  public ByteSource open(String name) throws IOException {
    return files.open(name);
  }

  @Override
  public Optional<ByteSource> openDirect(String name) throws IOException {
    return files.openDirect(name);
  }

  @Override
  public void ending() {
    files.ending();
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
