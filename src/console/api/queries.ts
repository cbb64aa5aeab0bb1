import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { AlertDetail, AreaSummary, LightingProgram } from '../../contract/api/operations.ts'
import type { Area, AssetDetail } from '../../contract/api/register.ts'
import { api } from './client.ts'
import { keys } from './keys.ts'

export const useAreas = () =>
  useQuery({
    queryKey: keys.areas,
    queryFn: () => api.get<Area[]>('/api/v1/areas'),
    staleTime: 5 * 60_000,
  })

export const useSummary = () =>
  useQuery({
    queryKey: keys.summary,
    queryFn: () => api.get<AreaSummary[]>('/api/v1/areas/summary'),
    refetchInterval: 30_000,
  })

export const useDevice = (id: string) =>
  useQuery({
    queryKey: keys.device(id),
    queryFn: () => api.get<AssetDetail>(`/api/v1/assets/${encodeURIComponent(id)}`),
    refetchInterval: 60_000,
  })

export const useAlert = (id: string) =>
  useQuery({
    queryKey: [...keys.alerts, 'one', id],
    queryFn: () => api.get<z.infer<typeof AlertDetail>>(`/api/v1/alerts/${encodeURIComponent(id)}`),
    refetchInterval: 60_000,
  })

export const usePrograms = () =>
  useQuery({
    queryKey: [...keys.lighting, 'programs'],
    queryFn: () => api.get<LightingProgram[]>('/api/v1/lighting'),
  })
