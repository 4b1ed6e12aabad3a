// Makes torch's CPU build believe in one CUDA device, so that fake tensors (shapes, types and devices without values)
// can live on it and the real training step runs with `device="cuda"` on any machine. Nothing is ever computed.
//
// Must be loaded before `import torch`: torch looks the hooks up once, by the class's name.
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace {
using c10::Device;
using c10::DeviceIndex;
using c10::DeviceType;
using c10::Stream;

const Device DEVICE(DeviceType::CUDA, 0);

struct Guard : c10::impl::NoOpDeviceGuardImpl<DeviceType::CUDA> {
  Device getDevice() const override { return DEVICE; }
  Device exchangeDevice(Device) const override { return DEVICE; }
  Stream getStream(Device) const noexcept override { return Stream(Stream::DEFAULT, DEVICE); }
  Stream getNewStream(Device, int = 0) const override { return Stream(Stream::DEFAULT, DEVICE); }
  Stream exchangeStream(Stream) const noexcept override { return Stream(Stream::DEFAULT, DEVICE); }
  void record(void**, const Stream&, const DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const Stream&) const override {}
};
} // namespace

namespace at {
struct CUDAHooks : CUDAHooksInterface {
  CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isBuilt() const override { return true; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
};
REGISTER_CUDA_HOOKS(CUDAHooks);
} // namespace at

extern "C" int fake_cuda() {
  c10::impl::registerDeviceGuard(DeviceType::CUDA, new Guard());
  return 1;
}
