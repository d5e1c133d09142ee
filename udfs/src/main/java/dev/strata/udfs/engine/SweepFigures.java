package dev.strata.udfs.engine;

import java.util.List;

/**
 * What one sweep did.
 *
 * @param sweep counted from 0
 * @param rows rows in the wave
 * @param promptTokens prompt tokens that went through
 * @param newTokens tokens chosen
 * @param nanos from the sweep's start to its end
 * @param diskBytes read from files, embedding rows included
 * @param tileBytes weight bytes that kernels used; on a GPU, those copied to the device
 * @param expertBytes bytes of the experts that some token chose, each once
 * @param kvToDeviceBytes keys and values copied to the device
 * @param kvToHostBytes keys and values copied from the device
 * @param hiddenBytes hidden states copied either way
 * @param spans the work of all lanes; empty unless a trace was asked for
 */
public record SweepFigures(
    long sweep,
    int rows,
    int promptTokens,
    int newTokens,
    long nanos,
    long diskBytes,
    long tileBytes,
    long expertBytes,
    long kvToDeviceBytes,
    long kvToHostBytes,
    long hiddenBytes,
    List<Span> spans) {

  public SweepFigures {
    spans = List.copyOf(spans);
  }
}
