package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.tensor.ComputeDevice;

/** Where an engine gets its device from. */
interface DeviceSource {

  /** The device that the options name. */
  DeviceSource OF_OPTIONS =
      options -> {
        NativeRoom.require();
        return ComputeDevice.open(options.device(), options.computeType(), options.threads());
      };

  /** Opens the device, which the engine closes. */
  ComputeDevice open(EngineOptions options);
}
